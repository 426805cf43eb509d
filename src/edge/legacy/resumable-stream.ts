import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { SseStream } from '../http/sse-stream.ts'

interface Event {
  readonly number: number
  readonly message: object
  readonly bytes: number
}

const MAX_EVENTS = 500
const MAX_BYTES = 1024 * 1024

/**
 * The messages of one response stream, numbered, so that a client which lost it can have the rest (2025-11-25,
 * Resumability). Bounded: the oldest are forgotten first.
 */
export class ResumableStream {
  readonly id: string = randomBytes(9).toString('base64url')
  readonly #isPrimed: boolean
  #events: Event[] = []
  #bytes = 0
  #count = 0
  #sink: SseStream | undefined
  #isDone = false
  #onForgotten: (() => void) | undefined

  constructor(isPrimed: boolean) {
    this.#isPrimed = isPrimed
  }

  /** Called once nothing of the stream is needed any more. */
  onForgotten(listener: () => void): void {
    this.#onForgotten = listener
  }

  /** Whether a connection is attached. */
  get isOpen(): boolean {
    return this.#sink !== undefined
  }

  send(message: object): void {
    this.#count += 1
    this.#keep({ number: this.#count, message, bytes: JSON.stringify(message).length })
    this.#sink?.send(message, this.#isPrimed ? this.#idOf(this.#count) : undefined)
  }

  /** Sends the last message; the stream is kept until a client has it. */
  finish(message: object): void {
    this.send(message)
    this.#isDone = true
    this.#sink?.end()
  }

  /** Ends it without a last message. */
  close(): void {
    this.#isDone = true
    this.#sink?.end()
    this.#onForgotten?.()
  }

  /** Ends the connection but not the stream; without event ids nobody could come back, so then nothing happens. */
  detach(): void {
    if (!this.#isPrimed) return
    this.#sink?.end()
    this.#sink = undefined
  }

  /** Sends what comes after event `after` to a new connection, and everything from now on. */
  attach(sink: SseStream, response: ServerResponse, after = 0): void {
    this.#sink?.end()
    this.#sink = sink
    if (this.#isPrimed) sink.prime(this.#idOf(after))
    for (const { number, message } of this.#events) {
      if (number > after) sink.send(message, this.#isPrimed ? this.#idOf(number) : undefined)
    }
    response.once('close', () => this.#onClosed(sink, response.writableFinished))
    if (this.#isDone) sink.end()
  }

  #onClosed(sink: SseStream, isDelivered: boolean): void {
    if (this.#sink !== sink) return
    this.#sink = undefined
    if (this.#isDone && isDelivered) this.#onForgotten?.()
  }

  #keep(event: Event): void {
    this.#events.push(event)
    this.#bytes += event.bytes
    while (this.#events.length > 1 && (this.#events.length > MAX_EVENTS || this.#bytes > MAX_BYTES)) {
      this.#bytes -= this.#events.shift()?.bytes ?? 0
    }
  }

  #idOf(number: number): string {
    return `${this.id}.${number}`
  }
}

const MAX_STREAMS = 32

/** The streams of one session that a client may still come back to. */
export class ResumableStreams {
  readonly #streams = new Map<string, ResumableStream>()

  /** Keeps the stream until it is forgotten; the one kept longest makes room. */
  add(stream: ResumableStream): void {
    this.#streams.set(stream.id, stream)
    stream.onForgotten(() => this.#streams.delete(stream.id))
    const [oldest] = this.#streams.keys()
    if (this.#streams.size > MAX_STREAMS && oldest !== undefined) this.#streams.delete(oldest)
  }

  /** The stream of an event id, and the number of the event. Another session's ids are unknown here. */
  find(eventId: string): { readonly stream: ResumableStream; readonly after: number } | undefined {
    const dot = eventId.lastIndexOf('.')
    const stream = this.#streams.get(eventId.slice(0, dot))
    const after = Number(eventId.slice(dot + 1))
    return stream === undefined || !Number.isSafeInteger(after) ? undefined : { stream, after }
  }

  close(): void {
    for (const stream of [...this.#streams.values()]) stream.close()
  }
}
