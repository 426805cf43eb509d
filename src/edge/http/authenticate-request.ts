import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ToolgateError } from '../../errors.ts'
import { isRefusal } from '../../identity/authenticator.ts'
import { readCredentials } from '../../identity/credentials.ts'
import type { Principal } from '../../identity/principal.ts'
import { missingCredential, type Refusal } from '../../identity/refusal.ts'
import type { Engine } from '../engine.ts'
import type { HttpAccess } from './serve-http.ts'

/** Finds out who sends the request, from its headers alone. Throws the refusal's error with its challenge set. */
export async function authenticateRequest(
  { engine, access }: { readonly engine: Engine; readonly access: HttpAccess },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Principal> {
  const address = request.socket.remoteAddress
  const { rawHeaders, url, method } = request
  const answer = access.authenticator.authenticate(readCredentials({ rawHeaders, url, method, address }))
  const found = (answer instanceof Promise ? await answer : answer) ?? access.anonymous ?? missingCredential
  if (!isRefusal(found)) return found
  engine.guards.observe({ type: 'auth.refused', reason: found.reason, address: address ?? '', code: found.error.code })
  throw challenge(found, response)
}

function challenge(refusal: Refusal, response: ServerResponse): ToolgateError {
  if (refusal.challenge !== undefined) response.setHeader('www-authenticate', refusal.challenge)
  return refusal.error
}
