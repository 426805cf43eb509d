import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { SseStream } from '../http/sse-stream.ts'
import type { Held } from '../waiting-bytes.ts'

interface Event {
  readonly number: number
  readonly message: object
  readonly bytes: number
}

const MAX_EVENTS = 500
const MAX_BYTES = 1024 * 1024

/**
 * The messages of one response stream, numbered, so that a client which lost it can have the rest (2025-11-25,
 * Resumability). Bounded: the oldest are forgotten first, and all when too much waits for the principal. Without event ids
 * nobody could come back, so nothing is kept.
 */
export class ResumableStream {
  readonly id: string = randomBytes(9).toString('base64url')
  readonly #isPrimed: boolean
  #events: Event[] = []
  #bytes = 0
  #count = 0
  #sink: SseStream | undefined
  #isDone = false
  #isForgotten = false
  #onForgotten: (() => void) | undefined
  readonly #held: Held

  /** `hold` begins to count what is kept. */
  constructor(isPrimed: boolean, hold: (drop: () => void) => Held) {
    this.#isPrimed = isPrimed
    this.#held = hold(() => {
      this.#events = []
      this.#bytes = 0
    })
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
    this.#keep(message)
    this.#sink?.send(message, this.#idOf(this.#count))
  }

  /** Sends the last message; the stream is kept until a client has it. */
  finish(message: object): void {
    this.#keep(message)
    this.#isDone = true
    this.#sink?.end(message, this.#idOf(this.#count))
  }

  /** Ends it without a last message. */
  close(): void {
    this.#isDone = true
    this.#sink?.end()
    this.forget()
  }

  /** Lets go of what is kept: nobody comes back for it. */
  forget(): void {
    this.#isForgotten = true
    this.#events = []
    this.#held.close()
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
    const first = this.#idOf(after)
    if (first !== undefined) sink.prime(first)
    const missed = this.#events.filter(({ number }) => number > after)
    const last = this.#isDone ? missed.pop() : undefined
    for (const { number, message } of missed) sink.send(message, this.#idOf(number))
    response.once('close', () => this.#onClosed(sink, response.writableFinished))
    if (this.#isDone) sink.end(last?.message, this.#idOf(last?.number ?? after))
  }

  #onClosed(sink: SseStream, isDelivered: boolean): void {
    if (this.#sink !== sink) return
    this.#sink = undefined
    if (this.#isDone && isDelivered) this.forget()
  }

  #keep(message: object): void {
    this.#count += 1
    if (!this.#isPrimed || this.#isForgotten) return
    const event = { number: this.#count, message, bytes: JSON.stringify(message).length }
    this.#events.push(event)
    this.#bytes += event.bytes
    while (this.#events.length > 1 && (this.#events.length > MAX_EVENTS || this.#bytes > MAX_BYTES)) {
      this.#bytes -= this.#events.shift()?.bytes ?? 0
    }
    this.#held.set(this.#bytes)
  }

  #idOf(number: number): string | undefined {
    return this.#isPrimed ? `${this.id}.${number}` : undefined
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
    const [oldest] = this.#streams.values()
    if (this.#streams.size > MAX_STREAMS) oldest?.forget()
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
