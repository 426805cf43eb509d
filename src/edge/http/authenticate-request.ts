import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ToolgateError } from '../../errors.ts'
import { isRefusal } from '../../identity/authenticator.ts'
import { readCredentials } from '../../identity/credentials.ts'
import type { Principal } from '../../identity/principal.ts'
import { missingCredential, type Refusal } from '../../identity/refusal.ts'
import type { Engine } from '../engine.ts'
import type { Callers } from './callers.ts'
import type { HttpAccess } from './serve-http.ts'

/** What callers are found out with. */
export interface AuthenticationParts {
  readonly engine: Engine
  readonly access: HttpAccess
  readonly callers: Callers
}

/** Finds out who sends the request, from its headers alone. Throws the refusal's error with its challenge set. */
export async function authenticateRequest(
  { engine, access, callers }: AuthenticationParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Principal> {
  const address = callers.addressOf(request)
  const certificate = callers.certificateOf(request)
  const { rawHeaders, url, method } = request
  const parts = { rawHeaders, url, method, address, certificate }
  const answer = access.authenticator.authenticate(readCredentials(parts))
  const found = (answer instanceof Promise ? await answer : answer) ?? access.anonymous ?? missingFor(access)
  if (!isRefusal(found)) return found
  engine.guards.observe({ type: 'auth.refused', reason: found.reason, address, code: found.error.code })
  throw challenge(found, response, access.resource)
}

/** Where access tokens are let in, those without a credential learn where to get one (RFC 9728 §5.1). */
function missingFor({ resource }: HttpAccess): Refusal {
  return resource?.missing ?? missingCredential
}

/** Whatever was sent and found wrong, a client that can get a token learns where (MCP 2026-07-28, Authorization). */
function challenge(
  { challenge: own, dpopNonce, error }: Refusal,
  response: ServerResponse,
  resource: HttpAccess['resource'],
): ToolgateError {
  if (own !== undefined) response.setHeader('www-authenticate', resource?.withMetadata(own) ?? own)
  if (dpopNonce !== undefined) response.setHeader('dpop-nonce', dpopNonce)
  return error
}
