import { Socket } from 'node:net'
import type { Connection, ConnectionOptions } from 'mysql2'
import type { SqlFailure } from '../sql/sql-failure.ts'
import type { MysqlTarget } from './target.ts'
import { toSqlFailure } from './to-sql-failure.ts'

/** The part of the driver that is used. */
export interface MysqlDriver {
  createConnection(options: ConnectionOptions): Connection
}

/** One connection with the server. */
export interface Session {
  readonly connection: Connection
  readonly socket: Socket
  /** As `KILL` takes it. */
  readonly id: number
  /** Calls the listener when the session is of no more use, at once if it is already; answers what takes it off. */
  onEnd(listener: (failure: SqlFailure) => void): () => void
  isEnded(): boolean
  /** Runs a statement of our own in the text protocol. Rejects with `SqlFailure`, also when the session is lost. */
  ask(text: string): Promise<readonly (readonly unknown[])[]>
  /**
   * Takes away everything that a caller may have left. Rejects when something of it stays: MariaDB keeps the database and
   * the role through a reset.
   */
  reset(): Promise<void>
  destroy(): void
}

/** Opens a session within the time that the target gives it. Rejects with `SqlFailure`. */
export async function openSession(driver: MysqlDriver, target: MysqlTarget): Promise<Session> {
  const socket = new Socket()
  const connection = driver.createConnection({
    ...target.options,
    stream: () =>
      target.socketPath === undefined ? socket.connect(target.port, target.host) : socket.connect(target.socketPath),
  })
  socket.setNoDelay(true)
  const session = watchSession(connection, socket)
  const opened = new Promise<void>((resolve, reject) => {
    connection.once('connect', () => resolve())
    connection.once('error', reject)
    session.onEnd(reject)
  })
  const timer = setTimeout(() => session.destroy(), target.connectTimeoutMs)
  const { ask } = session
  let atFirst: Awaited<ReturnType<typeof stateOf>>
  try {
    await opened
    atFirst = await stateOf(ask)
  } catch (thrown) {
    session.destroy()
    throw toSqlFailure(thrown)
  } finally {
    clearTimeout(timer)
  }
  return {
    ...session,
    id: connection.threadId,
    async reset() {
      await session.reset()
      if (atFirst.role !== undefined) await ask(`SET ROLE ${atFirst.role}`)
      if ((await stateOf(ask)).text !== atFirst.text) throw new TypeError('A reset did not take everything away.')
    },
  }
}

/** What a reset may leave; with the role to go back to, where the server knows roles and this session has none. */
async function stateOf(ask: Session['ask']): Promise<{ readonly text: string; readonly role?: string }> {
  const [row = []] = await ask('SELECT DATABASE(), CURRENT_ROLE()')
  const hasNoRole = row[1] === null || row[1] === 'NONE'
  return { text: JSON.stringify(row), ...(hasNoRole ? { role: 'NONE' } : {}) }
}

function watchSession(connection: Connection, socket: Socket): Omit<Session, 'id'> {
  let failure: SqlFailure | undefined
  const listeners = new Set<(failure: SqlFailure) => void>()
  const end = (thrown?: unknown): void => {
    if (failure !== undefined) return
    failure = toSqlFailure(thrown ?? { code: 'PROTOCOL_CONNECTION_LOST', message: 'The connection is closed.' })
    for (const listener of listeners) listener(failure)
    listeners.clear()
  }
  const onEnd = (listener: (failure: SqlFailure) => void): (() => void) => {
    if (failure === undefined) listeners.add(listener)
    else listener(failure)
    return () => listeners.delete(listener)
  }
  connection.on('error', end)
  connection.on('end', () => end())
  socket.on('close', () => end())
  const run = <Answer>(start: (done: (thrown: unknown, answer?: Answer) => void) => void): Promise<Answer> =>
    new Promise((succeed, fail) => {
      const off = onEnd(fail)
      start((thrown, answer) => {
        off()
        if (thrown) fail(toSqlFailure(thrown))
        else succeed(answer as Answer)
      })
    })
  return {
    connection,
    socket,
    onEnd,
    isEnded: () => failure !== undefined,
    ask: (text) =>
      run((done) => connection.query({ sql: text, rowsAsArray: true }, (thrown, rows) => done(thrown, rows as never))),
    reset: () => run((done) => connection.reset((thrown) => done(thrown))),
    destroy() {
      end()
      connection.destroy()
      socket.destroy()
    },
  }
}
