import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../../errors.ts'

const SINGLE: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type', 'content-length', 'origin'])

/**
 * Refuses what proxies and Node read differently: a target that is not a path, and a header that is there twice
 * (`node:http` takes the first `Host` and goes on). Throws `BAD_REQUEST`.
 */
export function checkRequest(request: IncomingMessage): void {
  if (request.url?.startsWith('/') !== true) throw badRequest('The request target must be a path.')
  const { rawHeaders } = request
  let seen = ''
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase()
    if (!SINGLE.has(name) && !name.startsWith('mcp-')) continue
    if (seen.includes(`|${name}|`)) throw badRequest(`The header ${name} is there twice.`)
    seen += `|${name}|`
  }
}

/** The path without the query. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

const JSON_TYPE = /^application\/json *(?:; *charset="?utf-8"? *)?$/i

/** A body is JSON in UTF-8, and not compressed: a form or plain text could come from any page. */
export function checkMediaType(request: IncomingMessage): void {
  const type = request.headers['content-type'] ?? ''
  if (type !== 'application/json' && !JSON_TYPE.test(type)) {
    throw new ToolgateError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body must be application/json in UTF-8.' })
  }
  if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new ToolgateError({ code: 'UNSUPPORTED_MEDIA_TYPE', message: 'The body must not be compressed.' })
  }
}

/** A client takes both answers, JSON and an event stream (Streamable HTTP, Sending Messages). Throws `NOT_ACCEPTABLE`. */
export function checkAccept(request: IncomingMessage, needed: readonly string[]): void {
  const { accept = '*/*' } = request.headers
  if (accept === '*/*' || accept === needed.join(', ')) return
  const taken = accept.split(',').map(toMediaRange)
  const missing = needed.filter(
    (type) => !taken.some((range) => range === type || range === '*/*' || range === wildcard(type)),
  )
  if (missing.length === 0) return
  throw new ToolgateError({
    code: 'NOT_ACCEPTABLE',
    message: `The Accept header must include ${missing.join(' and ')}.`,
  })
}

function wildcard(type: string): string {
  return `${type.slice(0, type.indexOf('/'))}/*`
}

/** A range with quality 0 is not accepted. */
function toMediaRange(item: string): string {
  const [range = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
  return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? '' : range
}

function badRequest(message: string): ToolgateError {
  return new ToolgateError({ code: 'BAD_REQUEST', message })
}
