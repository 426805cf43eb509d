import type { IncomingMessage, ServerResponse } from 'node:http'
import { ToolgateError } from '../../errors.ts'
import { pathOf } from './check-request.ts'
import { writeJson } from './write-json.ts'

/** Whether the process should be sent requests. */
export interface ReadyState {
  readonly isReady: boolean
}

const LIVE = '/health/live'
const READY = '/health/ready'

/** Whether the request is a probe. The MCP endpoint comes first, whatever its path. */
export function isProbe(request: IncomingMessage, endpoint: string): boolean {
  const path = pathOf(request)
  return (path === LIVE || path === READY) && path !== endpoint
}

/**
 * Answers a probe: 200 or 503 and one word, without a credential and before anything is checked or counted. A probe names
 * the address of a pod as its Host; a page that gets here by a foreign one learns no more than that somebody is up.
 * Throws `METHOD_NOT_ALLOWED`.
 */
export function serveHealth(state: ReadyState, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: 'A probe is a GET.' })
  }
  const isOk = pathOf(request) === LIVE || state.isReady
  response.setHeader('cache-control', 'no-store')
  writeJson(response, isOk ? 200 : 503, { status: isOk ? 'ok' : 'unavailable' })
}
