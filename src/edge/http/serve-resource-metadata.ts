import type { IncomingMessage, ServerResponse } from 'node:http'
import { ToolgateError } from '../../errors.ts'
import type { OriginRules } from './check-origin.ts'
import { pathOf } from './check-request.ts'
import type { HttpAccess } from './serve-http.ts'
import { writeJson } from './write-json.ts'

interface Parts {
  readonly access: HttpAccess
  readonly rules: OriginRules
}

/**
 * Answers a request for the metadata of the protected resource (RFC 9728 §3); `false` when it is for something else. They are for
 * everybody, and the one thing here that pages of any origin may read.
 */
export function serveResourceMetadata(
  { access, rules }: Parts,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { resource } = access
  if (resource === undefined || !resource.hasMetadataAt(pathOf(request))) return false
  rules.checkHost(request)
  response.setHeader('access-control-allow-origin', '*')
  if (request.method === 'OPTIONS') {
    const asked = {
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'MCP-Protocol-Version',
    }
    response.writeHead(204, { ...asked, 'access-control-max-age': '600', 'content-length': '0' }).end()
    return true
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD, OPTIONS')
    throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: 'The metadata are read with a GET.' })
  }
  response.setHeader('cache-control', 'public, max-age=300')
  writeJson(response, 200, resource.metadata)
  return true
}
