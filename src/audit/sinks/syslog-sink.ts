import { Buffer } from 'node:buffer'
import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { TrailLine } from '../read-after.ts'
import { type AuditSink, SinkFailure } from './audit-sink.ts'
import type { FormatRecord } from './format-records.ts'
import { toFrame, toSyslogMessage } from './syslog-message.ts'

/** What a syslog sink needs. */
export interface SyslogSinkParts {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly protocol: 'udp' | 'tcp' | 'tls'
  readonly facility: number
  readonly hostname: string
  readonly timeoutMs: number
  readonly format: FormatRecord
  /** Certificates to trust beside those of Node; PEM. */
  readonly ca?: string
  /** How long a connection must hold after a batch was written before it counts as taken. */
  readonly settleMs?: number
}

/** Of IPv4 and IPv6 alike, less the headers. */
const MAX_DATAGRAM = 60_000

/**
 * Syslog as of RFC 5424. Over TCP and TLS messages are counted octets (RFC 6587, RFC 5425). Syslog has no answers: a batch counts as
 * taken when all of it was written and the connection still holds a moment later. Over UDP it counts as taken when it was sent.
 */
export function createSyslogSink(parts: SyslogSinkParts): AuditSink {
  return parts.protocol === 'udp' ? new DatagramSink(parts) : new StreamSink(parts)
}

class StreamSink implements AuditSink {
  readonly name: string
  readonly #parts: SyslogSinkParts
  #socket: Socket | undefined

  constructor(parts: SyslogSinkParts) {
    this.name = parts.name
    this.#parts = parts
  }

  async send(records: readonly TrailLine[], signal: AbortSignal): Promise<void> {
    const within = AbortSignal.any([signal, AbortSignal.timeout(this.#parts.timeoutMs)])
    try {
      const socket = await this.#connect(within)
      const { format } = this.#parts
      const text = records.map((line) => toFrame(toSyslogMessage(line, format(line), this.#parts))).join('')
      await holding(socket, within, write(socket, text))
      // A server that went away answers the first bytes with a reset, and only then.
      await holding(socket, within, wait(this.#parts.settleMs ?? 100, undefined, { signal: within }))
    } catch (cause) {
      this.#drop()
      if (within.aborted && !signal.aborted) throw new SinkFailure('it took too long', { cause })
      throw cause
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined || socket.destroyed) return
    socket.end()
    await Promise.race([once(socket, 'close'), wait(500, undefined, { ref: false })]).catch(() => undefined)
    socket.destroy()
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const known = this.#socket
    if (known !== undefined && !known.destroyed && known.writable && !known.readableEnded) return known
    this.#drop()
    const { host, port, protocol, ca } = this.#parts
    const trusted = ca === undefined ? {} : { ca }
    const socket = protocol === 'tls' ? connectTls({ host, port, ...sni(host), ...trusted }) : connect({ host, port })
    this.#socket = socket
    // Whoever waits for the socket hears of a failure; between two batches nobody does.
    socket.on('error', () => socket.destroy())
    // Nothing is expected from the other side; reading it shows when it ends.
    socket.resume()
    await once(socket, protocol === 'tls' ? 'secureConnect' : 'connect', { signal })
    return socket
  }

  #drop(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }
}

/** The work, unless the connection ends first or there is no more time. */
async function holding(socket: Socket, signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  if (socket.destroyed || socket.readableEnded) throw new SinkFailure('the connection was closed')
  const over = new AbortController()
  const heard = AbortSignal.any([signal, over.signal])
  const ended = Promise.race(['error', 'end', 'close'].map((event) => once(socket, event, { signal: heard }))).then(
    () => Promise.reject(new SinkFailure('the connection was closed')),
  )
  try {
    await Promise.race([work, ended])
  } finally {
    over.abort()
    ended.catch(() => undefined)
    work.catch(() => undefined)
  }
}

function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(text, (cause) => (cause ? reject(cause) : resolve()))
  })
}

function sni(host: string): { servername?: string } {
  return isIPv6(host) || /^[\d.]+$/.test(host) ? {} : { servername: host }
}

class DatagramSink implements AuditSink {
  readonly name: string
  readonly #parts: SyslogSinkParts
  #socket: Datagrams | undefined

  constructor(parts: SyslogSinkParts) {
    this.name = parts.name
    this.#parts = parts
  }

  async send(records: readonly TrailLine[], signal: AbortSignal): Promise<void> {
    const { host, port, format } = this.#parts
    this.#socket ??= openDatagrams(host)
    const socket = this.#socket
    for (const line of records) {
      signal.throwIfAborted()
      const message = Buffer.from(toSyslogMessage(line, format(line), this.#parts))
      // What no datagram can hold would hold up everything behind it: its structured data goes alone.
      const bytes =
        message.length <= MAX_DATAGRAM ? message : Buffer.from(toSyslogMessage(line, 'too long', this.#parts))
      await new Promise<void>((resolve, reject) => {
        socket.send(bytes, port, host, (cause) => (cause === null ? resolve() : reject(cause)))
      })
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    socket?.close()
  }
}

function openDatagrams(host: string): Datagrams {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  socket.on('error', () => undefined)
  socket.unref()
  return socket
}
