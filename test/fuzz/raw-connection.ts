import { connect, type Socket } from 'node:net'

/** One HTTP answer, as far as it came. */
export interface RawAnswer {
  readonly status: number
  readonly head: string
  readonly body: string
  /** Whether its end was there; an open event stream has none. */
  readonly isWhole: boolean
}

/** How long an answer or a closed connection may take: far more than any honest one does. */
const BOUND_MS = 10_000
/** After so long without a byte the rest of a request that has no clear end is given up and the connection ended. */
const QUIET_MS = 25

/** One keep-alive connection, opened anew whenever the server has closed it. */
export class RawConnection {
  readonly #port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.#port = port
  }

  /** Sends one request that HTTP can tell the end of. Resolves with its answer, or nothing if the server just closed. */
  ask(bytes: Buffer, method: string): Promise<RawAnswer | undefined> {
    const socket = this.#socket ?? connect(this.#port, '127.0.0.1').setNoDelay(true)
    this.#socket = socket
    return new Promise((resolve, reject) => {
      let received: Buffer = Buffer.alloc(0)
      const finish = (answer: RawAnswer | undefined, keep: boolean): void => {
        clearTimeout(timer)
        socket.removeAllListeners()
        if (!keep) this.close()
        resolve(answer)
      }
      const timer = setTimeout(() => {
        socket.removeAllListeners()
        this.close()
        reject(new Error(`no answer, and no end of the connection, within ${BOUND_MS} ms`))
      }, BOUND_MS)
      socket.on('data', (chunk: Buffer) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
        const [answer] = readAnswers(received, method)
        if (answer?.isWhole) finish(answer, !/\r\nconnection: close/i.test(answer.head))
        else if (answer !== undefined && isOpenEnded(answer, method)) finish(answer, false)
      })
      socket.on('error', () => {})
      socket.on('close', () => finish(readAnswers(received, method)[0], false))
      socket.write(bytes)
    })
  }

  close(): void {
    this.#socket?.on('error', () => {})
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

/** Sends bytes of any kind on a connection of their own. Resolves with all answers once the connection is closed. */
export function exchange(port: number, bytes: Buffer): Promise<RawAnswer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').setNoDelay(true)
    const chunks: Buffer[] = []
    const bound = setTimeout(() => {
      socket.removeAllListeners().on('error', () => {})
      socket.destroy()
      reject(new Error(`the connection was not closed within ${BOUND_MS} ms after its end`))
    }, BOUND_MS)
    const quiet = setTimeout(() => socket.end(), QUIET_MS)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      quiet.refresh()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(bound)
      clearTimeout(quiet)
      resolve(readAnswers(Buffer.concat(chunks), bytes.subarray(0, 4).toString('latin1').trim()))
    })
    socket.write(bytes)
  })
}

/** Streams that end only when the client leaves: that of a session, and a subscription once it is acknowledged. */
function isOpenEnded({ head, body }: RawAnswer, method: string): boolean {
  if (!/\r\ncontent-type: text\/event-stream/i.test(head)) return false
  return method === 'GET' || body.includes('notifications/subscriptions/acknowledged')
}

/** The answers in these bytes; the last may be incomplete. */
export function readAnswers(bytes: Buffer, method: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  let at = 0
  while (at < bytes.length) {
    const headEnd = bytes.indexOf('\r\n\r\n', at)
    if (headEnd < 0) break
    const head = bytes.toString('latin1', at, headEnd)
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? Number.NaN)
    const start = headEnd + 4
    if (status === 100) {
      at = start
      continue
    }
    const { body, end } = readBody(bytes, start, head, status === 204 || method === 'HEAD')
    answers.push({ status, head, body, isWhole: end !== undefined })
    at = end ?? bytes.length
  }
  return answers
}

function readBody(bytes: Buffer, start: number, head: string, isBodiless: boolean): { body: string; end?: number } {
  if (isBodiless) return { body: '', end: start }
  if (/\r\ntransfer-encoding: chunked/i.test(head)) return readChunks(bytes, start)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  const body = bytes.toString('utf8', start, start + length)
  return bytes.length < start + length ? { body } : { body, end: start + length }
}

function readChunks(bytes: Buffer, start: number): { body: string; end?: number } {
  const parts: Buffer[] = []
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) break
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) break
    if (size === 0) return { body: Buffer.concat(parts).toString('utf8'), end: next }
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
  return { body: Buffer.concat(parts).toString('utf8') }
}
