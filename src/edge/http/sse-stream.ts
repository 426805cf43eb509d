import type { ServerResponse } from 'node:http'
import type { HttpExchange } from './serve-modern.ts'
import { cutOffStalled } from './write-json.ts'

/** One open `text/event-stream` response. */
export interface SseStream {
  /** Writes one event; `id` makes it resumable. A client that does not read is dropped. */
  send(message: object, id?: string): void
  /** Writes the event that carries no message but an id, so that the client can come back at once (SEP-1699). */
  prime(id: string): void
  /** Ends it, with a last message of any size: an answer waits until it is read, on a stream as in one body. */
  end(last?: object, id?: string): void
}

/** Bytes that may wait for a client that does not read, beside one message. */
const MAX_WAITING_BYTES = 1024 * 1024
const RETRY_MS = 1000

/** Sends a comment on every open stream now and then, so that nothing on the way takes it for dead. */
export interface KeepAlive {
  add(response: ServerResponse): void
  close(): void
}

/** One timer for all streams. */
export function createKeepAlive(everyMs: number): KeepAlive {
  const responses = new Set<ServerResponse>()
  const timer = setInterval(() => {
    for (const response of responses) write(response, ': keep-alive\n\n')
  }, everyMs).unref()
  return {
    add(response) {
      responses.add(response)
      response.once('close', () => responses.delete(response))
    },
    close: () => clearInterval(timer),
  }
}

/** Turns a response into an event stream; its headers go out at once. What waits on it counts for its principal. */
export function openSseStream(http: HttpExchange): SseStream {
  const { response, principal, keepAlive, waiting, stalledMs } = http
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  keepAlive.add(response)
  const held = waiting.hold(principal.id, () => response.destroy())
  response.once('close', () => held.close())
  // Called for each write that has left, so that what is counted is what waits.
  const count = (): void => held.set(response.destroyed ? 0 : response.writableLength)
  const send = (text: string): void => {
    write(response, text, count)
    count()
  }
  return {
    send: (message, id) => send(toEvent(JSON.stringify(message), id)),
    prime: (id) => send(`id: ${id}\nretry: ${RETRY_MS}\ndata: \n\n`),
    end(last, id) {
      held.close()
      if (last !== undefined) write(response, toEvent(JSON.stringify(last), id))
      response.end()
      cutOffStalled(response, stalledMs)
    },
  }
}

/** JSON has no line breaks, so one `data` line holds it. */
function toEvent(json: string, id: string | undefined): string {
  return id === undefined ? `event: message\ndata: ${json}\n\n` : `id: ${id}\nevent: message\ndata: ${json}\n\n`
}

function write(response: ServerResponse, text: string, onLeft?: () => void): void {
  if (response.destroyed || response.writableEnded) return
  if (response.writableLength > MAX_WAITING_BYTES) response.destroy()
  else if (onLeft === undefined) response.write(text)
  else response.write(text, onLeft)
}
