import { connect, type Socket } from 'node:net'
import { percentile } from '../arithmetic.ts'
import { HttpConnection } from './http-connection.ts'
import { type Target, toAnnounceRequest, toListenRequest, toStreamRequest } from './mcp-request.ts'
import { openSession } from './open-session.ts'

/** How long it took until the streams had what was broadcast, from the call that caused it. */
export interface BroadcastReport {
  readonly received: number
  readonly medianMs: number
  readonly lastMs: number
}

interface Stream {
  readonly socket: Socket
  /** The end of what came, in case a message comes in two pieces. */
  tail: string
  heardAt: number | undefined
}

const OPENING_AT_ONCE = 64
const OPEN_TIMEOUT_MS = 30_000
const BROADCAST_TIMEOUT_MS = 30_000
const MARK = 'notifications/tools/list_changed'

const streams: Stream[] = []
let onHeard: () => void = () => {}

/** Opens so many further streams and holds them: subscriptions of a modern client, or the streams of legacy sessions. */
export async function openStreams(target: Target, count: number): Promise<number> {
  let left = count
  await Promise.all(
    Array.from({ length: OPENING_AT_ONCE }, async () => {
      const connection = await HttpConnection.open(target.port)
      while (left-- > 0) streams.push(await openStream(target, await toOpening(connection, target)))
      connection.close()
    }),
  )
  return streams.length
}

async function toOpening(connection: HttpConnection, target: Target): Promise<Buffer> {
  if (target.form === 'modern') return toListenRequest(target, streams.length)
  return toStreamRequest(target, await openSession(connection, target))
}

function openStream({ port }: Target, opening: Buffer): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    const stream: Stream = { socket, tail: '', heardAt: undefined }
    const fail = (why: string): void => {
      socket.destroy()
      reject(new Error(`a stream does not open: ${why}`))
    }
    socket.setTimeout(OPEN_TIMEOUT_MS, () => fail('nothing came'))
    socket.once('error', (error) => fail(error.message))
    socket.on('data', (chunk: Buffer) => {
      stream.tail = (stream.tail + chunk.toString('latin1')).slice(-2000)
      if (!/^HTTP\/1\.1 200 .*event-stream.*\r\n\r\n.*\n\n/s.test(stream.tail)) {
        if (/^HTTP\/1\.1 [345]/.test(stream.tail)) fail(stream.tail.slice(0, 200))
        return
      }
      socket.removeAllListeners('data').setTimeout(0)
      stream.tail = ''
      socket.on('data', (next: Buffer) => hear(stream, next))
      resolve(stream)
    })
    socket.write(opening)
  })
}

function hear(stream: Stream, chunk: Buffer): void {
  const text = stream.tail + chunk.toString('latin1')
  stream.tail = text.slice(-MARK.length)
  if (stream.heardAt !== undefined || !text.includes(MARK)) return
  stream.tail = ''
  stream.heardAt = performance.now()
  onHeard()
}

/** Has the server tell every stream something, and waits until all have it. */
export async function broadcast(target: Target): Promise<BroadcastReport> {
  const connection = await HttpConnection.open(target.port)
  const sessionId = target.form === 'session' ? await openSession(connection, target) : undefined
  for (const stream of streams) stream.heardAt = undefined
  let left = streams.length
  const heardByAll = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, BROADCAST_TIMEOUT_MS)
    onHeard = () => {
      left -= 1
      if (left > 0) return
      clearTimeout(timer)
      resolve()
    }
  })
  const startedAt = performance.now()
  await Promise.all([connection.send(toAnnounceRequest(target, sessionId)), heardByAll])
  connection.close()
  const latencies = streams.flatMap(({ heardAt }) => (heardAt === undefined ? [] : [heardAt - startedAt]))
  latencies.sort((a, b) => a - b)
  return { received: latencies.length, medianMs: percentile(latencies, 0.5), lastMs: percentile(latencies, 1) }
}

/** Leaves all streams. */
export function closeStreams(): void {
  for (const { socket } of streams) socket.destroy()
  streams.length = 0
}
