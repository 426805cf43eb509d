import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Callers } from './callers.ts'
import type { OriginRules } from './check-origin.ts'
import { pathOf } from './check-request.ts'

/** Another server under the same origin: the embedded authorization server. */
export interface MountedServer {
  /** Whether it answers requests for this path, which has no query. */
  owns(path: string): boolean
  /** Answers a request whose framing and Host were checked; `address` is whom it comes from. Never rejects. */
  handle(request: IncomingMessage, response: ServerResponse, address?: string): Promise<void>
}

interface Mounted {
  readonly access: { readonly signIn?: MountedServer | undefined }
  readonly rules: Pick<OriginRules, 'checkHost'>
  readonly callers: Pick<Callers, 'addressOf'>
  readonly engine: { readonly options: { readonly path: string } }
}

/** Hands over a request that is for it, and answers whether it was. The MCP endpoint comes first. Throws `FOREIGN_HOST`. */
export async function serveSignIn(
  { access: { signIn }, rules, callers, engine }: Mounted,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const path = pathOf(request)
  if (signIn?.owns(path) !== true || path === engine.options.path) return false
  // Which pages may ask it what, it knows best itself.
  rules.checkHost(request)
  await signIn.handle(request, response, callers.addressOf(request))
  return true
}
