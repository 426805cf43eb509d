import type { Client, Connection } from 'pg'
import type { ConnectionTarget } from './connection-target.ts'
import type { PgDriver } from './load-pg.ts'

/** One session of the server. */
export interface PgSession {
  readonly client: Client
  /** Sets how many bytes may come from now on; the connection is cut when more do. */
  limitBytes(maxBytes: number): void
  /** Whether the limit has cut it. */
  readonly isOverLimit: boolean
  /** Whether it must not be used again: it has ended, or something was asked of it that may come late. */
  readonly isDoomed: boolean
  /** Whether a statement has been run in it before. */
  isUsed: boolean
  /** Asks the server to stop what the session runs; resolves when it has been told. */
  cancel(): Promise<void>
  /** Ends it, by force where the server does not answer. */
  close(): Promise<void>
}

/** What the typings of the driver leave out. */
interface ConnectionInside extends Connection {
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
}

interface ClientInside {
  readonly connection: ConnectionInside
  readonly processID: number
  readonly secretKey: number
}

/** Connects and logs in. `onEnd` is called once when the connection is gone, whoever ended it. */
export async function openSession(
  driver: PgDriver,
  target: ConnectionTarget,
  onEnd: (session: PgSession) => void,
): Promise<PgSession> {
  const client = new driver.Client(target.config)
  const inside = client as unknown as ClientInside
  // The driver tells of a connection that breaks while nobody uses it; without a listener that would end the process.
  client.on('error', () => {})
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  try {
    await client.connect()
  } catch (failure) {
    inside.connection.stream.destroy()
    throw failure
  }
  const { stream } = inside.connection
  let left = Number.POSITIVE_INFINITY
  let isOverLimit = false
  let isDoomed = false
  // Before the driver's own listener, which gathers a message whole before it hands it on.
  stream.prependListener('data', (chunk: Uint8Array) => {
    left -= chunk.length
    if (left >= 0) return
    isOverLimit = true
    stream.destroy()
  })
  const session: PgSession = {
    client,
    isUsed: false,
    limitBytes(maxBytes) {
      left = maxBytes
    },
    get isOverLimit() {
      return isOverLimit
    },
    get isDoomed() {
      return isDoomed
    },
    cancel() {
      isDoomed = true
      return sendCancel(driver, target, inside)
    },
    async close() {
      isDoomed = true
      const force = setTimeout(() => stream.destroy(), CLOSE_MS)
      client.end().catch(() => {})
      await ended
      clearTimeout(force)
    },
  }
  void ended.then(() => {
    isDoomed = true
    onEnd(session)
  })
  return session
}

const CLOSE_MS = 500

/**
 * The cancel request of the protocol: over a connection of its own, protected in the same way. The server answers by
 * closing it, whether there was something to cancel or not.
 */
function sendCancel(
  driver: PgDriver,
  { config }: ConnectionTarget,
  { processID, secretKey }: ClientInside,
): Promise<void> {
  const { host = '', port = 5432, ssl = false } = config
  const connection = new driver.Connection({ ssl } as object) as unknown as ConnectionInside
  return new Promise((resolve) => {
    const force = setTimeout(() => connection.stream.destroy(), CANCEL_MS)
    const done = (): void => {
      clearTimeout(force)
      resolve()
    }
    const send = (): void => connection.cancel(processID, secretKey)
    connection.on('connect', () => (ssl === false ? send() : connection.requestSsl()))
    connection.on('sslconnect', send)
    connection.on('error', done)
    connection.on('end', done)
    if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}

const CANCEL_MS = 2_000
