import type { Connection, ConnectionConfiguration, Request } from 'tedious'
import { readsExactly } from './exact-values.ts'
import type { Tedious } from './load-tedious.ts'
import { openSocket, PlainServerError, type WatchedSocket } from './open-socket.ts'
import type { MssqlSettings } from './settings.ts'
import { surviveNonsense } from './survive-nonsense.ts'

const CANCEL_MS = 3000
const RESET_MS = 5000
const RESET_MAX_BYTES = 1024 * 1024
/** A statement that failed may have ended the transaction already. */
const UNDO = 'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION'

/** Connects and logs in. Rejects with what the driver throws, or with `PlainServerError`. */
export async function openSession(
  tedious: Tedious,
  settings: MssqlSettings,
  signal: AbortSignal,
): Promise<MssqlSession> {
  const { watched, connection, refusal } = await connect(tedious, settings, signal)
  const session = new MssqlSession(tedious, connection, watched)
  try {
    await logIn(connection, signal)
  } catch (failure) {
    connection.close()
    throw refusal() ?? failure
  }
  return session
}

/** One connection that is logged in. Takes one request at a time. */
export class MssqlSession {
  readonly tedious: Tedious
  /** Resolves when the connection has ended, however. */
  readonly ended: Promise<void>
  readonly #connection: Connection
  readonly #watched: WatchedSocket
  #isBroken = false
  #isForOneUse = false

  constructor(tedious: Tedious, connection: Connection, watched: WatchedSocket) {
    this.tedious = tedious
    this.#connection = connection
    this.#watched = watched
    this.ended = new Promise((resolve) => {
      connection.once('end', () => {
        this.#isBroken = true
        resolve()
      })
    })
  }

  /** Cannot be used any more. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Whether `limitBytes` has broken it. */
  get isOverLimit(): boolean {
    return this.#watched.isOverLimit
  }

  /** Breaks the session when more than so many bytes come from now on. */
  limitBytes(bytes: number): void {
    this.#watched.limitBytes(bytes)
  }

  /** Its user was changed for good, which no reset undoes. */
  closeAfterUse(): void {
    this.#isForOneUse = true
  }

  /** Sends a request whose own callback tells the outcome. */
  send(request: Request): void {
    this.#connection.execSql(request)
  }

  /** Runs statements of ours that give no rows; cancelled when the signal fires. Rejects with what the driver throws. */
  run(sql: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => request.cancel()
      const request = new this.tedious.Request(sql, (failure) => {
        signal.removeEventListener('abort', stop)
        if (failure) reject(failure)
        else resolve()
      })
      if (signal.aborted) stop()
      signal.addEventListener('abort', stop, { once: true })
      this.#connection.execSqlBatch(request)
    })
  }

  /**
   * Undoes what is not committed and leaves nothing of what ran before (`sp_reset_connection`). Rejects if the session is
   * broken or cannot be made like new in time.
   */
  async reset(): Promise<void> {
    if (this.#isForOneUse) throw new Error('The session was for one use.')
    this.limitBytes(RESET_MAX_BYTES)
    const timer = setTimeout(() => this.close(), RESET_MS)
    try {
      await this.run(UNDO, new AbortController().signal)
      await new Promise<void>((resolve, reject) => {
        this.#connection.reset((failure) => (failure ? reject(failure) : resolve()))
      })
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#isBroken = true
    this.#connection.close()
  }
}

interface Opened {
  readonly connection: Connection
  readonly watched: WatchedSocket
  /** Why the socket was cut, if it was cut on purpose. */
  refusal(): Error | undefined
}

async function connect(tedious: Tedious, settings: MssqlSettings, signal: AbortSignal): Promise<Opened> {
  let refusal: Error | undefined
  const { host, port = 1433, tls } = settings
  // Opened before the driver runs, so that a signal that fires meanwhile ends it.
  const watched = await openSocket({ host, port, requiresEncryption: tls.mode === 'encrypted', signal })
  watched.socket.on('error', (failure) => {
    if (failure instanceof PlainServerError) refusal = failure
  })
  const connection = new tedious.Connection(toConfiguration(settings, watched))
  surviveNonsense(connection, (failure) => watched.socket.destroy(failure))
  readsExactly(connection)
  // An error is told to the request that runs, and `end` follows; without a listener it would end the process.
  connection.on('error', () => {})
  return { connection, watched, refusal: () => refusal }
}

function toConfiguration(settings: MssqlSettings, watched: WatchedSocket): ConnectionConfiguration {
  const { host, port = 1433, database, user, password, tls, pool } = settings
  return {
    server: host,
    authentication: { type: 'default', options: { userName: user, password } },
    options: {
      port,
      database,
      appName: settings.applicationName ?? 'toolgate',
      connector: () => Promise.resolve(watched.socket),
      encrypt: tls.mode === 'off' ? false : tls.mode === 'strict' ? 'strict' : true,
      trustServerCertificate: false,
      ...(tls.serverName !== undefined && { serverName: tls.serverName }),
      ...(tls.ca !== undefined && { cryptoCredentialsDetails: { ca: tls.ca } }),
      connectTimeout: pool.connectMs,
      // Statements have clocks of their own: the driver's stops at the first bytes of an answer.
      requestTimeout: 0,
      cancelTimeout: CANCEL_MS,
      maxRetriesOnTransientErrors: 0,
      lowerCaseGuids: true,
      abortTransactionOnError: true,
    },
  }
}

async function logIn(connection: Connection, signal: AbortSignal): Promise<void> {
  const stop = (): void => connection.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      connection.connect((failure) => (failure ? reject(failure) : resolve()))
    })
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
