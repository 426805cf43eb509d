import { Buffer } from 'node:buffer'
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { TrailLine } from '../read-after.ts'
import { type AuditSink, SinkFailure } from './audit-sink.ts'
import type { FormatRecord } from './format-records.ts'

/** What an HTTP sink needs. */
export interface HttpSinkParts {
  readonly name: string
  readonly url: string
  readonly format: FormatRecord
  /** Credentials among them; they are sent and never told. */
  readonly headers: Readonly<Record<string, string>>
  readonly isCompressed: boolean
  readonly timeoutMs: number
  /** Certificates to trust beside those of Node; PEM. */
  readonly ca?: string
}

const compress = promisify(gzip)
const MAX_RETRY_AFTER_MS = 300_000

/** Posts records as NDJSON. Whatever is not a 2xx, redirects too, is a failure. */
export function createHttpSink(parts: HttpSinkParts): AuditSink {
  const isTls = new URL(parts.url).protocol === 'https:'
  const trusted = parts.ca === undefined ? {} : { ca: parts.ca }
  const agent = isTls
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1, ...trusted })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 })
  return {
    name: parts.name,
    send: async (records, signal) => {
      const within = AbortSignal.any([signal, AbortSignal.timeout(parts.timeoutMs)])
      try {
        const body = await toBody(parts, records)
        const options = { method: 'POST', agent, signal: within, headers: headersOf(parts, body) }
        const request = isTls ? requestHttps(parts.url, options) : requestHttp(parts.url, options)
        await answered(request, body)
      } catch (cause) {
        if (within.aborted && !signal.aborted) throw new SinkFailure('it took too long', { cause })
        throw cause
      }
    },
    close: async () => agent.destroy(),
  }
}

async function toBody({ format, isCompressed }: HttpSinkParts, records: readonly TrailLine[]): Promise<Buffer> {
  const text = Buffer.from(records.map((record) => `${format(record)}\n`).join(''))
  return isCompressed ? await compress(text) : text
}

function headersOf({ headers, isCompressed }: HttpSinkParts, body: Buffer): Record<string, string | number> {
  return {
    ...headers,
    'content-type': 'application/x-ndjson',
    'content-length': body.length,
    ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
  }
}

function answered(request: ClientRequest, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    request.on('error', reject)
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      // What it says is of no use, and may be long.
      response.resume()
      response.on('error', reject)
      if (status < 200 || status > 299) {
        reject(refusal(response, status))
        request.destroy()
      } else {
        response.on('end', resolve)
        response.on('close', () => reject(new SinkFailure('the answer was cut off')))
      }
    })
    request.end(body)
  })
}

function refusal(response: IncomingMessage, status: number): SinkFailure {
  const seconds = Number(response.headers['retry-after'])
  const isTold = Number.isFinite(seconds) && seconds >= 0
  const retryAfterMs = isTold ? Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) : undefined
  return new SinkFailure(`it answered ${status}`, retryAfterMs === undefined ? {} : { retryAfterMs })
}
