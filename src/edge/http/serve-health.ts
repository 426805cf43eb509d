import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { ToolgateError } from '../../errors.ts'
import { pathOf } from './check-request.ts'
import { writeJson } from './write-json.ts'

/** Whether the process should be sent requests. */
export interface ReadyState {
  readonly isReady: boolean
  connectors(): readonly ConnectorHealth[]
}

/** How a connector stands: `failing` is refused to everybody for now, `missing` could not connect yet. */
export interface ConnectorHealth {
  readonly name: string
  readonly required: boolean
  readonly state: 'up' | 'failing' | 'missing'
}

const LIVE = '/health/live'
const READY = '/health/ready'

/** Whether the request is a probe. The MCP endpoint comes first, whatever its path. */
export function isProbe(request: IncomingMessage, endpoint: string): boolean {
  const path = pathOf(request)
  return (path === LIVE || path === READY) && path !== endpoint
}

/**
 * Answers a probe: 200 or 503 and one word, without a credential and before anything is checked or counted. Whether it is ready
 * says, too, how each connector stands, and never why. A probe names the address of a pod as its Host; a page that gets here by a
 * name of its own (DNS rebinding) learns no more than that somebody is up. Throws `METHOD_NOT_ALLOWED`.
 */
export function serveHealth(state: ReadyState, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: 'A probe is a GET.' })
  }
  const isLive = pathOf(request) === LIVE
  const isOk = isLive || state.isReady
  const details = !isLive && isAddress(request.headers.host) ? { connectors: state.connectors() } : {}
  response.setHeader('cache-control', 'no-store')
  writeJson(response, isOk ? 200 : 503, { status: isOk ? 'ok' : 'unavailable', ...details })
}

/** A name may be made to lead here by whoever owns it; an address and `localhost` may not. */
function isAddress(host = ''): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || isIP(name) !== 0
}
