import { Buffer } from 'node:buffer'
import type { EventEmitter } from 'node:events'
import type { Budget, SqlResult, SqlValue, Statement } from '../sql/database.ts'
import type { SqlParameter } from '../sql/dialect.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import { type Decoder, decoderOf, type WireColumn } from './decode-value.ts'
import type { Session } from './session.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** A prepared statement of the driver, as far as it is used. */
interface Prepared {
  readonly columns: readonly unknown[]
  readonly parameters: readonly unknown[]
  execute(values: readonly unknown[]): EventEmitter
}

export interface Running {
  readonly budget: Budget
  /** Whether what is too much may be cut off. A statement that writes goes to its end, or fails. */
  readonly mayCut: boolean
  /** Whether it has been asked to stop before it began. */
  isStopped(): boolean
  /** Tells the server to stop; the session may be destroyed by it. */
  stop(): void
}

/** Bytes that may still arrive when enough has been read, before the server is told to stop. */
const DRAIN_BYTES = 64 * 1024
const DRAIN_MS = 20
/** Beside what the budget lets through: a row is in memory before its size is known. */
const SPARE_BYTES = 1024 * 1024

/**
 * Runs one statement by the protocol of prepared statements, which takes one alone. Reads until the budget is used up;
 * what the server sends beyond is dropped, and past a bound the session is.
 */
export async function runStatement(session: Session, statement: Statement, running: Running): Promise<SqlResult> {
  const prepared = await prepare(session, statement.text)
  // What a caller writes reads: SELECT … INTO answers no rows.
  if (statement.isGuarded === true && prepared.columns.length === 0) throw refusal('The statement answers no rows.')
  if (prepared.parameters.length !== statement.parameters.length) {
    throw refusal(
      `The statement has ${prepared.parameters.length} parameters and ${statement.parameters.length} values.`,
    )
  }
  if (running.isStopped()) throw refusal('The statement was stopped before it began.')
  return read(session, prepared.execute(statement.parameters.map(toBound)), running)
}

function prepare({ connection, onEnd }: Session, text: string): Promise<Prepared> {
  return new Promise((resolve, reject) => {
    const off = onEnd(reject)
    connection.prepare(text, (thrown, prepared) => {
      off()
      if (thrown) reject(toSqlFailure(thrown))
      else resolve(prepared as never)
    })
  })
}

function refusal(text: string): SqlFailure {
  return new SqlFailure({ kind: 'statement', state: 'refused', text, isTextSafe: true })
}

function toBound(value: SqlParameter): string | number | null | Buffer {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (typeof value !== 'object' || value === null) return value
  throw refusal('MySQL takes no lists as parameters.')
}

function read(session: Session, command: EventEmitter, running: Running): Promise<SqlResult> {
  const reading = new Reading(running.budget)
  const { socket } = session
  const begun = socket.bytesRead
  const maxBytes = running.budget.maxBytes * 2 + SPARE_BYTES
  let enoughAt: number | undefined
  let drain: NodeJS.Timeout | undefined
  const look = (): void => {
    const bytes = socket.bytesRead - begun
    if (bytes > maxBytes) {
      if (running.mayCut) reading.truncated ??= 'bytes'
      session.destroy()
    }
    if (reading.truncated === undefined || !running.mayCut) return
    enoughAt ??= bytes
    drain ??= setTimeout(running.stop, DRAIN_MS)
    if (bytes - enoughAt > DRAIN_BYTES) running.stop()
  }
  // With TLS the socket has no events of its own.
  const poll = setInterval(look, 5)
  socket.on('data', look)
  let off: (() => void) | undefined
  return new Promise<SqlResult>((resolve, reject) => {
    const settle = (thrown?: unknown): void =>
      // What was cut ends in an interruption or a lost session.
      thrown === undefined || reading.truncated !== undefined
        ? resolve(reading.toResult())
        : reject(toSqlFailure(thrown))
    off = session.onEnd(settle)
    command.on('fields', (fields: readonly WireColumn[] | undefined, index = 0) => index === 0 && reading.begin(fields))
    command.on('result', (row: unknown, index = 0) => {
      try {
        if (Array.isArray(row)) index === 0 && reading.add(row)
        else reading.changed(row as { affectedRows?: number } | null)
      } catch (thrown) {
        reject(thrown)
        session.destroy()
      }
    })
    command.on('error', settle)
    command.on('end', () => settle())
  }).finally(() => {
    off?.()
    clearInterval(poll)
    clearTimeout(drain)
    socket.off('data', look)
  })
}

/** What has been read of a result. */
class Reading {
  truncated: SqlResult['truncated']
  readonly #budget: Budget
  readonly #rows: (readonly SqlValue[])[] = []
  #decoders: readonly Decoder[] = []
  #bytes = 0
  #changed: number | undefined

  constructor(budget: Budget) {
    this.#budget = budget
  }

  begin(fields: readonly WireColumn[] | undefined): void {
    this.#decoders = (fields ?? []).map(decoderOf)
  }

  add(row: readonly unknown[]): void {
    if (this.truncated !== undefined) return
    if (this.#rows.length >= this.#budget.maxRows) {
      this.truncated = 'rows'
      return
    }
    const values = this.#decoders.map(({ decode }, index) => decode(row[index]))
    const bytes = Buffer.byteLength(JSON.stringify(values)) + 1
    if (this.#bytes + bytes > this.#budget.maxBytes) {
      this.truncated = 'bytes'
      return
    }
    this.#bytes += bytes
    this.#rows.push(values)
  }

  changed(header: { affectedRows?: number } | null): void {
    if (this.#decoders.length === 0) this.#changed = (this.#changed ?? 0) + (header?.affectedRows ?? 0)
  }

  toResult(): SqlResult {
    return {
      columns: this.#decoders.map(({ column }) => column),
      rows: this.#rows,
      ...(this.truncated === undefined ? {} : { truncated: this.truncated }),
      ...(this.#changed === undefined ? {} : { changed: this.#changed }),
    }
  }
}
