import type { IncomingMessage, ServerResponse } from 'node:http'
import { ToolgateError } from '../../errors.ts'

/** Which names and pages may reach the server. */
export interface OriginRules {
  /** Throws `FOREIGN_HOST` or `FOREIGN_ORIGIN`; sets the CORS headers of a permitted page. */
  check(request: IncomingMessage, response: ServerResponse): void
  /** Throws `FOREIGN_HOST`; any page may ask. */
  checkHost(request: IncomingMessage): void
}

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])
const EXPOSED = 'Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, DPoP-Nonce, Retry-After'

/**
 * A page that has rebound its own name to this address sends a foreign Host; a page elsewhere a foreign Origin. Both
 * are checked, on every method, with or without a credential (CVE-2025-66414 and its kin). No Origin means no browser.
 */
export function createOriginRules(options: {
  readonly host: string
  readonly publicUrl?: string
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
}): OriginRules {
  const hosts = new Set([
    ...LOOPBACK,
    options.host.toLowerCase(),
    ...(options.publicUrl === undefined ? [] : [new URL(options.publicUrl).hostname]),
    ...options.allowedHosts.map((host) => host.toLowerCase()),
  ])
  const origins = new Set(options.allowedOrigins.map((origin) => origin.toLowerCase()))
  // The same few values come with every request; answers are kept so that they are taken apart once.
  const knownHosts = new Set<string>()
  const checkHost = ({ headers: { host } }: IncomingMessage): void => {
    if (host === undefined || !(knownHosts.has(host) || isKnownHost(host, hosts))) throw foreignHost()
    if (knownHosts.size < 100) knownHosts.add(host)
  }
  return {
    checkHost,
    check(request, response) {
      checkHost(request)
      const { origin } = request.headers
      if (origin === undefined) return
      if (!isKnownOrigin(origin, origins)) throw foreignOrigin()
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-expose-headers', EXPOSED)
      response.setHeader('vary', 'Origin')
    },
  }
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/

function isKnownHost(host: string, known: ReadonlySet<string>): boolean {
  const name = HOST.exec(host.toLowerCase())?.[1]
  return name !== undefined && known.has(name)
}

const ORIGIN = /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/

function isKnownOrigin(origin: string, known: ReadonlySet<string>): boolean {
  const lower = origin.toLowerCase()
  const name = ORIGIN.exec(lower)?.[1]
  return known.has(lower) || (name !== undefined && LOOPBACK.has(name))
}

function foreignHost(): ToolgateError {
  return new ToolgateError({
    code: 'FOREIGN_HOST',
    message: 'The Host header does not name this server.',
    hint: 'The operator lists further names in server.allowedHosts.',
  })
}

function foreignOrigin(): ToolgateError {
  return new ToolgateError({
    code: 'FOREIGN_ORIGIN',
    message: 'Pages of this origin may not use this server.',
    hint: 'The operator lists further origins in server.allowedOrigins.',
  })
}

const ALLOWED_HEADERS = [
  'Accept',
  'Authorization',
  'Content-Type',
  'DPoP',
  'Last-Event-ID',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
]

/** Answers a CORS preflight of a permitted page; `keyHeader` is a header that may carry a key. */
export function writePreflight(request: IncomingMessage, response: ServerResponse, keyHeader?: string): void {
  const wanted = String(request.headers['access-control-request-headers'] ?? '').split(',')
  const mirrored = wanted.map((name) => name.trim()).filter((name) => /^mcp-param-[a-z0-9-]{1,64}$/i.test(name))
  response.writeHead(204, {
    'access-control-allow-methods': 'GET, POST, DELETE',
    'access-control-allow-headers': [
      ...ALLOWED_HEADERS,
      ...(keyHeader === undefined ? [] : [keyHeader]),
      ...mirrored.slice(0, 32),
    ].join(', '),
    'access-control-max-age': '600',
    'content-length': '0',
  })
  response.end()
}
