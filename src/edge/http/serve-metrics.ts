import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { ToolgateError } from '../../errors.ts'
import { writeChallenge } from '../../identity/challenge.ts'
import type { Principal } from '../../identity/principal.ts'
import { negotiateFormat } from '../../observe/metrics/negotiate-format.ts'
import { type Format, MEDIA_TYPES } from '../../observe/metrics/write-exposition.ts'
import type { Engine } from '../engine.ts'
import { authenticateRequest } from './authenticate-request.ts'
import type { Callers } from './callers.ts'
import type { OriginRules } from './check-origin.ts'
import type { HttpAccess } from './serve-http.ts'

/** What is measured, and where it is read. */
export interface MetricsSource {
  readonly path: string
  /** In slices; between two of them other work has its turn. */
  write(format: Format): Iterable<string>
}

interface Parts {
  readonly engine: Engine
  readonly access: HttpAccess
  readonly callers: Callers
  readonly rules: OriginRules
  readonly metrics: MetricsSource
}

/** The scope that lets a principal read the metrics. */
const METRICS_SCOPE = 'toolgate:metrics'

/** A collector that takes nothing for so long has gone. */
const STALLED_MS = 30_000

/**
 * Answers a collector that holds the scope `toolgate:metrics`; everybody else is refused, 401 without a valid credential and
 * 403 with one. Collectors find their targets by address, so a credential may come under any Host; a caller without one, where
 * the configuration lets such in, is held to the names and pages of the MCP endpoint.
 */
export async function serveMetrics(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { engine, access, metrics, rules } = parts
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: 'Metrics are read with a GET.' })
  }
  const principal = await authenticateRequest(parts, request, response)
  if (principal.kind === 'anonymous') rules.check(request, response)
  if (!engine.guards.policy.holds(principal, METRICS_SCOPE)) throw withoutScope(response, principal, access.resource)
  const format = negotiateFormat(request.headers.accept)
  const headers = { 'content-type': MEDIA_TYPES[format], 'cache-control': 'no-store', vary: 'Accept' }
  response.writeHead(200, headers)
  if (request.method === 'GET') await writeSlices(response, metrics.write(format))
  response.end()
}

function withoutScope(response: ServerResponse, principal: Principal, resource: HttpAccess['resource']): ToolgateError {
  const challenge = resource?.challengeForScopes(principal, [METRICS_SCOPE])
  const plain = writeChallenge({ error: 'insufficient_scope', scope: METRICS_SCOPE })
  response.setHeader('www-authenticate', challenge ?? plain)
  return new ToolgateError({
    code: 'INSUFFICIENT_SCOPE',
    message: `Metrics need the scope ${METRICS_SCOPE}, which none of your roles grants.`,
    hint: `The operator grants it with access.roles.ROLE.scopes: ['${METRICS_SCOPE}'].`,
    data: { missingScopes: [METRICS_SCOPE] },
  })
}

async function writeSlices(response: ServerResponse, slices: Iterable<string>): Promise<void> {
  response.setTimeout(STALLED_MS, () => response.destroy())
  for (const slice of slices) {
    if (response.destroyed) return
    if (response.write(slice)) await setImmediate()
    else await untilTaken(response)
  }
}

/** Resolves when there is room again, or nobody left to read. */
function untilTaken(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    response.once('drain', settle)
    response.once('close', settle)
  })
}
