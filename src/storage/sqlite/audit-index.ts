import { ToolgateError } from '../../errors.ts'
import type { AuditIndex, IndexedRecord, IndexQuery, RecordPlace, Stretch } from '../audit-index.ts'
import { openIndexFile, removeIndex } from './index-file.ts'
import type { SqliteDatabase, SqliteDriver, SqliteStatement, SqlValue } from './open-database.ts'
import { storageFailure } from './storage-failure.ts'

const CHAINS = 'SELECT DISTINCT chain FROM segments ORDER BY chain'
const INDEXED = 'SELECT file, bytes FROM segments WHERE chain = ? ORDER BY file'
const SEGMENT = 'SELECT id, bytes FROM segments WHERE chain = ? AND file = ?'
const ADD_SEGMENT = 'INSERT INTO segments (chain, file, bytes) VALUES (?, ?, 0)'
const REACH = 'UPDATE segments SET bytes = ? WHERE id = ?'
const WORD = 'SELECT id FROM words WHERE text = ?'
const ADD_WORD = 'INSERT INTO words (text) VALUES (?)'
const ADD = `INSERT INTO records (segment, start, length, time, event, call, subject, target, status, code, decision)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const FORGET_RECORDS = `DELETE FROM records WHERE segment = ?1 AND start IN
  (SELECT start FROM records WHERE segment = ?1 ORDER BY start LIMIT ?2)`
const LEFT = 'SELECT start FROM records WHERE segment = ? LIMIT 1'
const FORGET_SEGMENT = 'DELETE FROM segments WHERE id = ?'

const PAGE = 1_000
/** Names come from clients: what is remembered of them is bounded. */
const MAX_REMEMBERED = 10_000

/** Where an index is. */
export interface AuditIndexPlace {
  /** Absolute. Made, for its owner alone, where it is missing. */
  readonly file: string
  readonly driver?: SqliteDriver
}

/** An index in a SQLite file of its own. One that is damaged, or of another version, is thrown away: it can be made again. */
export function openAuditIndex({ file, driver }: AuditIndexPlace): AuditIndex {
  try {
    return new SqliteAuditIndex(file, openIndexFile(file, driver))
  } catch (cause) {
    const failure = storageFailure(file, cause)
    if (!isDamaged(failure)) throw failure
    removeIndex(file)
    return new SqliteAuditIndex(file, openIndexFile(file, driver))
  }
}

/** Whether a failure says that the file of the index is of no use any more. */
export function isDamaged(thrown: unknown): boolean {
  return thrown instanceof ToolgateError && / is damaged\.$/.test(thrown.message)
}

class SqliteAuditIndex implements AuditIndex {
  readonly #file: string
  readonly #database: SqliteDatabase
  readonly #statements = new Map<string, SqliteStatement>()
  readonly #words = new Map<string, number>()

  constructor(file: string, database: SqliteDatabase) {
    this.#file = file
    this.#database = database
  }

  chains(): readonly string[] {
    return this.#guard(() => this.#all(CHAINS).map(({ chain }) => String(chain)))
  }

  indexed(chain: string): ReadonlyMap<string, number> {
    return this.#guard(() => new Map(this.#all(INDEXED, chain).map(({ file, bytes }) => [String(file), Number(bytes)])))
  }

  add({ chain, segment, from, to }: Stretch, records: readonly IndexedRecord[]): boolean {
    return this.#write(() => {
      const known = this.#get(SEGMENT, chain, segment)
      if (Number(known?.bytes ?? 0) !== from) return false
      if (known === undefined) this.#run(ADD_SEGMENT, chain, segment)
      const id = Number((known ?? this.#get(SEGMENT, chain, segment))?.id)
      const add = this.#prepare(ADD)
      for (const record of records) add.run(id, ...this.#columns(record))
      this.#run(REACH, to, id)
      return true
    })
  }

  forget(chain: string, segment: string, atMost: number = Number.MAX_SAFE_INTEGER): boolean {
    return this.#write(() => {
      const known = this.#get(SEGMENT, chain, segment)
      if (known === undefined) return false
      this.#run(FORGET_RECORDS, Number(known.id), atMost)
      if (this.#get(LEFT, Number(known.id)) !== undefined) return true
      this.#run(FORGET_SEGMENT, Number(known.id))
      return false
    })
  }

  *find(query: IndexQuery): Iterable<RecordPlace> {
    const filter = this.#guard(() => this.#filter(query))
    if (filter === undefined) return
    let last: readonly SqlValue[] | undefined
    for (;;) {
      const page = this.#guard(() => this.#page(filter, last))
      for (const row of page) yield toPlace(row)
      const end = page.at(-1)
      if (end === undefined || page.length < PAGE) return
      last = [Number(end.time), Number(end.segment), Number(end.start)]
    }
  }

  close(): void {
    this.#statements.clear()
    this.#guard(() => this.#database.close())
  }

  #page(filter: Filter, last: readonly SqlValue[] | undefined): readonly Row[] {
    const conditions = [...filter.conditions, ...(last === undefined ? [] : ['(time, segment, start) < (?, ?, ?)'])]
    const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const sql = `SELECT segment, start, length, time, chain, file
      FROM records JOIN segments ON segments.id = records.segment
      ${where} ORDER BY time DESC, segment DESC, start DESC LIMIT ${PAGE}`
    return this.#all(sql, ...filter.values, ...(last ?? []))
  }

  /** `undefined` when nothing can match: a word that is in no record. */
  #filter(query: IndexQuery): Filter | undefined {
    const conditions: string[] = []
    const values: SqlValue[] = []
    for (const column of ['event', 'name', 'status', 'code', 'decision'] as const) {
      const text = query[column]
      if (text === undefined) continue
      const word = this.#find(text)
      if (word === undefined) return undefined
      conditions.push(`${column === 'name' ? 'target' : column} = ?`)
      values.push(word)
    }
    if (query.subjects !== undefined) {
      const words = query.subjects.map((subject) => this.#find(subject)).filter((word) => word !== undefined)
      if (words.length === 0) return undefined
      conditions.push(`subject IN (${words.map(() => '?').join(', ')})`)
      values.push(...words)
    }
    for (const [condition, value] of rangesOf(query)) {
      conditions.push(condition)
      values.push(value)
    }
    return { conditions, values }
  }

  #columns(record: IndexedRecord): readonly SqlValue[] {
    const { offset, length, time, event, callId, subject, name, status, code, decision } = record
    const words = [subject, name, status, code, decision].map((text) => (text === undefined ? null : this.#word(text)))
    return [offset, length, time, this.#word(event), callId ?? null, ...words]
  }

  #word(text: string): number {
    const remembered = this.#words.get(text)
    if (remembered !== undefined) return remembered
    if (this.#find(text) === undefined) this.#run(ADD_WORD, text)
    const id = this.#find(text) ?? 0
    if (this.#words.size >= MAX_REMEMBERED) this.#words.clear()
    this.#words.set(text, id)
    return id
  }

  #find(text: string): number | undefined {
    const row = this.#get(WORD, text)
    return row === undefined ? undefined : Number(row.id)
  }

  #write<T>(work: () => T): T {
    return this.#guard(() => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        const result = work()
        this.#database.exec('COMMIT')
        return result
      } catch (cause) {
        // The words of a transaction that did not happen have no ids.
        this.#words.clear()
        this.#database.exec('ROLLBACK')
        throw cause
      }
    })
  }

  #guard<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw storageFailure(this.#file, cause)
    }
  }

  #prepare(sql: string): SqliteStatement {
    const known = this.#statements.get(sql)
    if (known !== undefined) return known
    const statement = this.#database.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }

  #all(sql: string, ...values: readonly SqlValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values)
  }

  #get(sql: string, ...values: readonly SqlValue[]): Row | undefined {
    return this.#prepare(sql).get(...values)
  }

  #run(sql: string, ...values: readonly SqlValue[]): void {
    this.#prepare(sql).run(...values)
  }
}

type Row = Readonly<Record<string, unknown>>

interface Filter {
  readonly conditions: readonly string[]
  readonly values: readonly SqlValue[]
}

function rangesOf({ callId, since, until }: IndexQuery): (readonly [string, SqlValue])[] {
  return [
    ...(callId === undefined ? [] : ([['call = ?', callId]] as const)),
    ...(since === undefined ? [] : ([['time >= ?', since]] as const)),
    ...(until === undefined ? [] : ([['time < ?', until]] as const)),
  ]
}

function toPlace(row: Row): RecordPlace {
  return { chain: String(row.chain), segment: String(row.file), offset: Number(row.start), length: Number(row.length) }
}
