import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A connection to a server that is watched from outside of the driver. */
export interface WatchedSocket {
  readonly socket: Socket
  /** Cuts the connection when more than so many bytes come from now on. */
  limitBytes(bytes: number): void
  /** Whether the limit has cut it. */
  readonly isOverLimit: boolean
}

const CONNECT_KEEP_ALIVE_MS = 30_000
const PRELOGIN_MAX_BYTES = 4096

/**
 * Opens the connection that the driver then speaks on. The driver, told to encrypt, logs in without encryption when the
 * server says that it has none, which anyone in between can say as well; so the server's first words are read here, and
 * the connection is cut before a password is sent.
 */
export async function openSocket(options: {
  readonly host: string
  readonly port: number
  readonly requiresEncryption: boolean
  readonly signal: AbortSignal
}): Promise<WatchedSocket> {
  const socket = connect({ host: options.host, port: options.port, noDelay: true, keepAlive: true })
  socket.setKeepAlive(true, CONNECT_KEEP_ALIVE_MS)
  const stop = (): void => void socket.destroy()
  options.signal.addEventListener('abort', stop, { once: true })
  try {
    options.signal.throwIfAborted()
    await once(socket, 'connect')
    options.signal.throwIfAborted()
  } catch (failure) {
    socket.destroy()
    throw failure
  } finally {
    options.signal.removeEventListener('abort', stop)
  }
  if (options.requiresEncryption) refusePlainServer(socket)
  return watchBytes(socket)
}

function watchBytes(socket: Socket): WatchedSocket {
  let limit = Number.POSITIVE_INFINITY
  let isOverLimit = false
  // Heard before the driver's own listener, which then gets nothing more of a socket that is destroyed.
  socket.on('data', () => {
    if (socket.bytesRead <= limit) return
    isOverLimit = true
    socket.destroy(new Error('The answer is larger than a connection may bring.'))
  })
  return {
    socket,
    get isOverLimit() {
      return isOverLimit
    },
    limitBytes(bytes) {
      limit = socket.bytesRead + bytes
    },
  }
}

/** Cuts the connection unless the answer to PRELOGIN (MS-TDS 2.2.6.5) agrees to encrypt. */
function refusePlainServer(socket: Socket): void {
  let head = Buffer.alloc(0)
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk])
    const answer = readEncryption(head)
    if (answer === 'incomplete' && head.length <= PRELOGIN_MAX_BYTES) return
    socket.off('data', onData)
    if (answer !== 'encrypts') socket.destroy(new PlainServerError())
  }
  socket.on('data', onData)
}

/** The server, or someone in between, does not encrypt. */
export class PlainServerError extends Error {
  constructor() {
    super('The server does not offer encryption.')
    this.name = 'PlainServerError'
  }
}

const HEADER_BYTES = 8
const RESPONSE = 0x04
const LAST = 0x01
const ENCRYPTION = 0x01
const END = 0xff
const AGREEING: readonly (number | undefined)[] = [0x01, 0x03]

/**
 * One packet that is the whole message, and every word in it about encryption agrees: the driver would listen to the last
 * of several.
 */
function readEncryption(head: Buffer): 'incomplete' | 'encrypts' | 'plain' {
  const [type, status = LAST] = head
  if (type !== RESPONSE || (status & LAST) === 0) return 'plain'
  if (head.length < HEADER_BYTES || head.length < head.readUInt16BE(2)) return 'incomplete'
  const payload = head.subarray(HEADER_BYTES, head.readUInt16BE(2))
  const answers: (number | undefined)[] = []
  for (let at = 0; at + 5 <= payload.length && payload[at] !== END; at += 5) {
    if (payload[at] === ENCRYPTION) answers.push(payload[payload.readUInt16BE(at + 1)])
  }
  return answers.length > 0 && answers.every((answer) => AGREEING.includes(answer)) ? 'encrypts' : 'plain'
}
