import type { ServerResponse } from 'node:http'
import type { ToolgateError } from '../../errors.ts'
import type { ProtectedResource } from '../../identity/oauth/protected-resource.ts'
import type { Principal } from '../../identity/principal.ts'
import { setRetryAfter } from './write-json.ts'

/** Who is answered. */
interface Answered {
  readonly response: ServerResponse
  readonly principal: Principal
  readonly resource: ProtectedResource | undefined
}

/**
 * The headers that belong to a failure: when to try again and, where the caller's token lacks a scope, all those that the operation
 * wants, so that one more token is enough (RFC 6750 §3.1, MCP 2026-07-28, step-up).
 */
export function setErrorHeaders({ response, principal, resource }: Answered, error: ToolgateError): void {
  setRetryAfter(response, error)
  if (error.code !== 'INSUFFICIENT_SCOPE' || response.headersSent) return
  const challenge = resource?.challengeForScopes(principal, scopesOf(error))
  if (challenge !== undefined) response.setHeader('www-authenticate', challenge)
}

function scopesOf({ data }: ToolgateError): readonly string[] {
  const scopes = data?.scopes ?? data?.missingScopes
  return Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : []
}
