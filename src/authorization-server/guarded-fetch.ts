import { lookup as lookupName } from 'node:dns'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isSpecialUse } from './special-use.ts'

/** How documents of strangers are fetched. */
export interface FetchLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  /** Resolves names; for tests. */
  readonly lookup?: LookupFunction
}

const DEFAULTS: FetchLimits = { maxBytes: 16 * 1024, timeoutMs: 2_500 }

/**
 * Fetches a document that a stranger named, with a plain GET: https alone, no redirects, no cookies, bounded in size and time.
 * The address is checked before a connection is made and it is that address that is connected to, so that no name leads
 * inside (Client ID Metadata Document §6.5, RFC 9700 §2.6).
 */
export function createGuardedFetch(limits: Partial<FetchLimits> = {}): (url: string | URL) => Promise<Response> {
  const { maxBytes, timeoutMs, lookup = lookupName as LookupFunction } = { ...DEFAULTS, ...limits }
  return (given) => {
    const url = new URL(given)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (url.protocol !== 'https:') return Promise.reject(new Error('not an https URL'))
    // A literal address is never looked up.
    if (isIP(host) !== 0 && isSpecialUse(host)) return Promise.reject(new Error('a special-use address'))
    return get(url, { maxBytes, timeoutMs, lookup: guardLookup(lookup) })
  }
}

/** Refuses a name as soon as one of its addresses is special: a mixed answer is no accident. */
function guardLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, '', 0)
      const addresses = Array.isArray(found) ? found : []
      const [first] = addresses
      if (first === undefined || addresses.some(({ address }) => isSpecialUse(address))) {
        return callback(new Error('the name leads to a special-use address'), '', 0)
      }
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family)
    })
  }
}

function get(url: URL, { maxBytes, timeoutMs, lookup }: Required<FetchLimits>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const headers = { accept: 'application/json', 'accept-encoding': 'identity' }
    const request = httpsRequest(url, { lookup, signal, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > maxBytes) request.destroy(new Error('the document is too long'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 502 } = response
        const isDocument = statusCode === 200
        const cacheControl = response.headers['cache-control']
        const kept = cacheControl === undefined ? {} : { 'cache-control': cacheControl }
        // A redirect, or anything else that is no document, is told by its status alone.
        resolve(
          new Response(isDocument ? Buffer.concat(chunks) : null, { status: isDocument ? 200 : 502, headers: kept }),
        )
      })
    })
    request.on('error', reject)
    request.end()
  })
}
