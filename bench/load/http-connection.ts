import { connect, type Socket } from 'node:net'

/** One whole HTTP answer, its body undone of any chunked framing. */
export interface HttpAnswer {
  readonly status: number
  /** The status line and the headers, as they came. */
  readonly head: string
  readonly body: string
}

/**
 * One keep-alive HTTP/1.1 connection with one request in flight.
 * It reads just enough of HTTP to know where an answer ends, so that the generator's own cost stays far below a subject's.
 */
export class HttpConnection {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #settle: { resolve: (answer: HttpAnswer) => void; reject: (error: Error) => void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#read(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the subject closed the connection before it had answered')))
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => this.#fail(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)))
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new HttpConnection(socket))
      })
    })
  }

  /** Sends one request and resolves with its whole answer. */
  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#settle = undefined
    this.#socket.destroy()
  }

  #read(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const answer = readAnswer(this.#received)
    if (!answer) return
    this.#received = Buffer.alloc(0)
    const settle = this.#settle
    this.#settle = undefined
    settle?.resolve(answer)
  }

  #fail(error: Error): void {
    const settle = this.#settle
    this.#settle = undefined
    this.#socket.destroy()
    settle?.reject(error)
  }
}

const ANSWER_TIMEOUT_MS = 15_000

/** The answer in these bytes, or nothing while its end has not arrived. One request in flight: nothing follows it. */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', 0, headEnd)
  const status = Number(head.slice(9, 12))
  const bodyStart = headEnd + 4
  if (/\r\ntransfer-encoding:[^\r]*chunked/i.test(head)) {
    const body = readChunks(bytes, bodyStart)
    return body === undefined ? undefined : { status, head, body }
  }
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0)
  if (bytes.length < bodyStart + length) return undefined
  return { status, head, body: bytes.toString('utf8', bodyStart, bodyStart + length) }
}

function readChunks(bytes: Buffer, start: number): string | undefined {
  const parts: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const next = lineEnd + 2 + size + 2
    if (bytes.length < next) return undefined
    if (size === 0) return Buffer.concat(parts).toString('utf8')
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = next
  }
}
