import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS } from '../error-table.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'
import { BASE_SCOPE } from './clients.ts'
import { limitNetwork } from './limit-network.ts'
import { sendPage } from './pages/layout.ts'
import { messagePage } from './pages/pages.ts'
import { ROUTES } from './provider-config.ts'
import { serveInvitation, servePassword, serveSignOut } from './serve-account.ts'
import { serveInteraction } from './serve-interaction.ts'
import type { PageExchange, ServerParts } from './server-parts.ts'

type ServePage = (parts: ServerParts, exchange: PageExchange) => Promise<void>

/** Answers one request to the authorization server. Never rejects, and tells nothing of a failure but its kind. */
export async function servePath(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? ''
  try {
    limitNetwork(parts.buckets, request, 'request')
    const servePage = findPage(path)
    if (servePage === undefined) await serveProtocol(parts, request, response, path)
    else {
      requireMethod(request, ['GET', 'POST'])
      await servePage(parts, { request, response, path })
    }
  } catch (thrown) {
    refuse(parts, response, thrown)
  }
}

function findPage(path: string): ServePage | undefined {
  if (path.startsWith(`${ROUTES.interaction}/`)) return serveInteraction
  if (path.startsWith(`${ROUTES.invitation}/`)) return serveInvitation
  if (path === ROUTES.password) return servePassword
  return path === ROUTES.signOut ? serveSignOut : undefined
}

function requireMethod(request: IncomingMessage, methods: readonly string[]): void {
  if (methods.includes(request.method ?? '')) return
  throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: `${request.method} is not served here.` })
}

/** Everything that oidc-provider answers. */
async function serveProtocol(
  parts: ServerParts,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
): Promise<void> {
  if (path === ROUTES.authorization) {
    limitNetwork(parts.buckets, request, 'authorization')
    prepareAuthorization(parts, request)
  }
  if (path === ROUTES.registration && request.method === 'POST') limitNetwork(parts.buckets, request, 'registration')
  takeFromIssuer(parts.issuer, request)
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('referrer-policy', 'no-referrer')
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('x-frame-options', 'DENY')
  await parts.provider().callback()(request, response)
}

/**
 * Reads an authorization request as far as oidc-provider leaves something open: one that names no scope asks for all there
 * are, so that a client from before scopes works (RFC 6749 §3.3), and answers go into the query alone.
 */
function prepareAuthorization({ scopesOf, roles }: ServerParts, request: IncomingMessage): void {
  const url = new URL(request.url ?? '', 'http://localhost')
  const { searchParams: query } = url
  const mode = query.get('response_mode')
  if (mode !== null && mode !== 'query') {
    throw new ToolgateError({ code: 'BAD_REQUEST', message: 'response_mode must be query.' })
  }
  const asked = query.getAll('scope')
  if (asked.length > 1) return
  const scopes = (asked[0] ?? '').split(' ').filter((scope) => scope !== '')
  const wanted = scopes.length === 0 ? scopesOf(roles) : scopes
  query.set('scope', [...new Set([BASE_SCOPE, ...wanted])].join(' '))
  request.url = `${url.pathname}?${query}`
}

/** What a proxy says of itself is replaced by what the configuration says: nobody outside chooses where links lead. */
function takeFromIssuer(issuer: string, request: IncomingMessage): void {
  const { protocol, host } = new URL(issuer)
  const { headers } = request
  for (const name of Object.keys(headers))
    if (name.startsWith('x-forwarded-') || name === 'forwarded') delete headers[name]
  headers.host = host
  headers['x-forwarded-host'] = host
  headers['x-forwarded-proto'] = protocol.slice(0, -1)
}

function refuse({ oidc, observer }: ServerParts, response: ServerResponse, thrown: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  if (thrown instanceof oidc.errors.OIDCProviderError && thrown.statusCode < 500) {
    sendPage(
      response,
      messagePage('This page has expired', 'Go back to the program that sent you here and connect again.', 400),
    )
    return
  }
  const error = toToolgateError(thrown)
  if (error.code === 'INTERNAL')
    observer({ type: 'fault', message: 'A page of the authorization server failed.', cause: thrown })
  const retryAfter = error.data?.retryAfter
  if (typeof retryAfter === 'number') response.setHeader('retry-after', retryAfter)
  const status = error.code === 'INTERNAL' ? 500 : (ERRORS[error.code].http ?? 500)
  sendPage(
    response,
    messagePage(
      'This did not work',
      [error.message, error.hint].filter((text) => text !== undefined).join(' '),
      status,
    ),
  )
}
