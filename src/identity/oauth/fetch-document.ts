import { lookup } from 'node:dns'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** What is asked, and how far it is trusted. */
export interface DocumentRequest {
  readonly url: string
  /** Hosts, with their ports, that the operator named: they may lie in the network of the server. */
  readonly namedHosts: ReadonlySet<string>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent with a POST. */
  readonly form?: URLSearchParams
  readonly signal: AbortSignal
}

/** What was answered; `body` is `undefined` unless the status is 200. */
export interface DocumentAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>> | undefined
}

/** Fetches a document of JSON. */
export type FetchDocument = (request: DocumentRequest) => Promise<DocumentAnswer>

const MAX_BYTES = 512 * 1024
const TIMEOUT_MS = 5_000

/**
 * Fetches one object of JSON from an issuer: 512 KiB, five seconds, no redirects, no proxies, no cookies. Only `https`, or
 * `http` to this machine where the operator wrote so. A host that a document names must have a public address; the address
 * that was checked is the one that is connected to. Rejects with an error whose text names the host and no more of the URL.
 */
export const fetchDocument: FetchDocument = async ({ url, namedHosts, headers, form, signal }) => {
  const target = new URL(url)
  const isNamed = namedHosts.has(target.host)
  requireSafe(target, isNamed)
  const body = form?.toString()
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)])
  const response = await send(target, { ...(headers === undefined ? {} : { headers }), body, isNamed, signal: timeout })
  const status = response.statusCode ?? 0
  if (status !== 200) {
    response.destroy()
    return { status, body: undefined }
  }
  return { status, body: readObject(await readText(response), target) }
}

function requireSafe({ protocol, hostname, host, username }: URL, isNamed: boolean): void {
  const isHere = hostname === 'localhost' || hostname === '[::1]' || hostname === '127.0.0.1'
  if (username !== '' || (protocol !== 'https:' && !(protocol === 'http:' && isHere && isNamed))) {
    throw new Error(`${host} is not to be asked without TLS`)
  }
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (!isNamed && isIP(address) !== 0 && !isPublicAddress(address)) throw new Error(`${host} is no public address`)
}

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string | undefined
  readonly isNamed: boolean
  readonly signal: AbortSignal
}

function send(target: URL, { headers, body, isNamed, signal }: Sent): Promise<IncomingMessage> {
  const request = target.protocol === 'https:' ? requestHttps : requestHttp
  const method = body === undefined ? 'GET' : 'POST'
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
  const length = { 'content-length': Buffer.byteLength(body ?? '') }
  return new Promise((resolve, reject) => {
    const all = { accept: 'application/json', ...type, ...(body === undefined ? {} : length), ...headers }
    const sent = request(target, {
      ...{ method, signal, headers: all, maxHeaderSize: 16_384, agent: false },
      ...(isNamed ? {} : { lookup: lookupPublic }),
    })
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

/** Every address of the name must be public: a name with one of each kind is a trap. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const first = addresses?.[0]
    if (error !== null) callback(error, '', 0)
    else if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address))) {
      callback(new Error(`${hostname} has an address that is not public`), '', 0)
    } else if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) {
      response.destroy()
      throw new Error('the document is too long')
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readObject(text: string, { host }: URL): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Error(`${host} answered something that is no JSON`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new Error(`${host} answered JSON that is no object`)
}
