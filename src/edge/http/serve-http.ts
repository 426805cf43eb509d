import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { ToolgateError, toToolgateError } from '../../errors.ts'
import type { Authenticator } from '../../identity/authenticator.ts'
import type { ProtectedResource } from '../../identity/oauth/protected-resource.ts'
import type { Principal } from '../../identity/principal.ts'
import type { Engine } from '../engine.ts'
import { createSessionStore, type SessionStore } from '../legacy/session-store.ts'
import { claimsModern, opensLegacy } from '../protocol/envelope.ts'
import { type Message, type RequestId, readMessage } from '../protocol/json-rpc.ts'
import { isModernVersion } from '../protocol/versions.ts'
import { idOf } from '../protocol/wire-error.ts'
import { authenticateRequest } from './authenticate-request.ts'
import { type Callers, directCallers } from './callers.ts'
import { createOriginRules, type OriginRules, writePreflight } from './check-origin.ts'
import { checkAccept, checkMediaType, checkRequest, pathOf } from './check-request.ts'
import { LoadShedder, type Place } from './load-shedder.ts'
import { type MountedServer, serveSignIn } from './mounted-server.ts'
import { discardBody, readBody } from './read-body.ts'
import { isProbe, type ReadyState, serveHealth } from './serve-health.ts'
import { findSession, serveGet, servePost } from './serve-legacy.ts'
import { type MetricsSource, serveMetrics } from './serve-metrics.ts'
import { type HttpExchange, serveModern } from './serve-modern.ts'
import { serveResourceMetadata } from './serve-resource-metadata.ts'
import { createSsePair, type SsePair } from './serve-sse-pair.ts'
import { createKeepAlive, type KeepAlive } from './sse-stream.ts'
import { STALLED_MS, writeEmpty, writeError } from './write-json.ts'

/** The HTTP side of a Toolgate. */
export interface HttpEdge {
  readonly server: Server | SecureServer
  /** When its certificates end; absent without TLS. */
  readonly tls: Callers['tls']
  readonly sessions: SessionStore
  /** Whether calls are refused because there are too many, and how many were. */
  readonly load: Pick<LoadShedder, 'isOverloaded' | 'refusals'>
  /**
   * Accepts nobody any more, ends the streams, waits for calls that run, then cancels the rest. Resolves when the last
   * connection is gone.
   */
  close(graceMs?: number): Promise<void>
}

/** Who is let in. Asked anew for every request, so that a new configuration holds for the next one. */
export interface HttpAccess {
  readonly authenticator: Authenticator
  /** Who a request without a credential is; `undefined` refuses it. */
  readonly anonymous: Principal | undefined
  /** Absent where users do not sign in here. */
  readonly signIn?: MountedServer | undefined
  /** A header in which keys are taken beside `Authorization`. */
  readonly keyHeader?: string | undefined
  /** `undefined` where no access tokens are let in. */
  readonly resource?: ProtectedResource | undefined
}

interface Parts {
  readonly engine: Engine
  readonly access: HttpAccess
  readonly callers: Callers
  readonly state: ReadyState
  readonly metrics: MetricsSource | undefined
  readonly rules: OriginRules
  readonly sessions: SessionStore
  readonly keepAlive: KeepAlive
  readonly shedder: LoadShedder
  readonly stalledMs: number
  /** `undefined` where it is not served. */
  readonly ssePair: SsePair | undefined
  /** Ends the streams of credentials that are not valid any more. */
  readonly sweep: NodeJS.Timeout
}

const SWEEP_MS = 1_000

/** Where a server will listen, and whether it should be sent requests. */
export interface HttpPlace {
  readonly host: string
  readonly state: ReadyState
  /** Absent where nothing is measured. */
  readonly metrics?: MetricsSource | undefined
  /** Milliseconds after which a client that takes nothing of its answer is cut off. */
  readonly stalledMs?: number
  /** Milliseconds for which the event loop has had nothing to do; `performance.eventLoopUtilization` by default. */
  readonly idle?: () => number
  /** Who is at the other end of a connection, and how it is made: TLS, proxies. Plain HTTP by default. */
  readonly callers?: Callers
}

/** Makes the server; it does not listen yet. */
export function createHttpEdge(engine: Engine, access: HttpAccess, place: HttpPlace): HttpEdge {
  const { host, state, metrics, stalledMs = STALLED_MS, callers = directCallers } = place
  const rules = createOriginRules({ ...engine.options, host })
  const sessions = createSessionStore(engine)
  const keepAlive = createKeepAlive(engine.options.keepAliveMs)
  const ssePair = engine.options.compat.sse ? createSsePair(engine) : undefined
  const isValid = (principal: Principal): boolean | Promise<boolean> => isLetIn(access, principal)
  const sweep = setInterval(() => void engine.streams.sweep(engine.guards.clock(), isValid), SWEEP_MS).unref()
  const shedder = new LoadShedder({
    options: engine.options.overload,
    observe: (seen) => engine.guards.observe(seen),
    ...(place.idle === undefined ? {} : { idle: place.idle }),
  })
  const http = { rules, sessions, keepAlive, shedder, stalledMs, ssePair, sweep }
  const parts: Parts = { engine, access, callers, state, metrics, ...http }
  // A client that sends its headers or body by the byte is cut off soon; answers may take as long as they need.
  const server = (callers.tls ?? { createServer }).createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 2_000, keepAliveTimeout: 65_000 },
    (request, response) => void serveHttp(parts, request, response),
  )
  const close = (graceMs = engine.options.drain.timeoutMs): Promise<void> => closeEdge(parts, server, graceMs)
  return { server, tls: callers.tls, sessions, load: shedder, close }
}

/** Whether a principal that was let in would be let in still, by the configuration of now. */
function isLetIn({ authenticator, anonymous }: HttpAccess, principal: Principal): boolean | Promise<boolean> {
  if (principal.kind === 'anonymous') return anonymous !== undefined
  return authenticator.isValid?.(principal) ?? true
}

/** Serves one HTTP request, top to bottom. Never rejects. */
async function serveHttp(parts: Parts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    checkRequest(request)
    if (isProbe(request, parts.engine.options.path)) {
      serveHealth(parts.state, request, response)
      return
    }
    if (isForMetrics(parts, request)) {
      await serveMetrics(parts, request, response)
      return
    }
    if (serveResourceMetadata(parts, request, response)) return
    if (await serveSignIn(parts, request, response)) return
    parts.rules.check(request, response)
    const ssePair = findSsePair(parts, request)
    if (ssePair === undefined) requirePath(request, parts)
    if (request.method === 'OPTIONS') {
      writePreflight(request, response, parts.access.keyHeader)
      return
    }
    requireMethod(request, response, ssePair)
    const principal = await authenticateRequest(parts, request, response)
    const place = request.method === 'POST' ? enter(parts, principal, { request, response }) : FREE
    const { keepAlive, stalledMs } = parts
    const http = {
      request,
      response,
      principal,
      place,
      keepAlive,
      stalledMs,
      waiting: parts.engine.waiting,
      resource: parts.access.resource,
    }
    if (ssePair === undefined) await serveMethod(parts, http)
    else await ssePair.serve(http)
  } catch (thrown) {
    refuse(parts, response, thrown)
  }
}

/** Streams are bounded by their number, and ending a session makes room. */
const FREE: Place = { leave: () => {} }

interface Incoming {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/** A call that there is no room for costs no more than its headers. Throws `OVERLOADED`. */
function enter({ shedder }: Parts, principal: Principal, { request, response }: Incoming): Place {
  const place = shedder.enter(principal.id)
  if (place === undefined) {
    discardBody(request)
    throw overloaded
  }
  response.once('close', place.leave)
  return place
}

/** Made once: it is thrown when there is no time to lose. */
const overloaded = new ToolgateError({
  code: 'OVERLOADED',
  message: 'Too busy. Try again in 1 s.',
  data: { retryAfter: 1 },
})

/** The MCP endpoint comes first, whatever its path. */
function isForMetrics(parts: Parts, request: IncomingMessage): parts is Parts & { readonly metrics: MetricsSource } {
  const { metrics, engine } = parts
  return metrics !== undefined && metrics.path !== engine.options.path && pathOf(request) === metrics.path
}

function refuse(parts: Parts, response: ServerResponse, thrown: unknown, id?: RequestId): void {
  const error = toToolgateError(thrown)
  if (error.code === 'CANCELLED') return
  if (error.code === 'INTERNAL') {
    parts.engine.guards.observe({ type: 'fault', message: 'An HTTP request failed.', cause: error.cause })
  }
  writeError(response, error, id ?? idOf(error))
}

/** The older pair, where the request is for it. The endpoint itself comes first, whatever its path. */
function findSsePair({ engine, ssePair }: Parts, request: IncomingMessage): SsePair | undefined {
  const path = pathOf(request)
  return path !== engine.options.path && ssePair?.owns(path) === true ? ssePair : undefined
}

const SIGN_IN = '; who issues access tokens stands at /.well-known/oauth-protected-resource'

function requirePath(request: IncomingMessage, { engine, access }: Parts): void {
  const { path } = engine.options
  if (request.url === path || pathOf(request) === path) return
  // A client whose key is refused looks for a sign-in at these paths, and shows its user what the last of them answers.
  const isSignIn = /^\/(register$|\.well-known\/(oauth-|openid-configuration))/.test(pathOf(request))
  const where = access.resource === undefined ? '; there is no sign-in, send an API key that is valid' : SIGN_IN
  const hint = `MCP is served at ${path}${isSignIn ? where : ''}.`
  throw new ToolgateError({ code: 'NOT_FOUND', message: 'There is nothing here.', hint })
}

function requireMethod(request: IncomingMessage, response: ServerResponse, ssePair: SsePair | undefined): void {
  const isModern = isModernVersion(String(request.headers['mcp-protocol-version'] ?? ''))
  const own = isModern ? ['POST'] : ['POST', 'GET', 'DELETE']
  const allowed = ssePair === undefined ? own : [ssePair.methodOf(pathOf(request))]
  if (allowed.includes(request.method ?? '')) return
  response.setHeader('allow', [...allowed, 'OPTIONS'].join(', '))
  throw new ToolgateError({ code: 'METHOD_NOT_ALLOWED', message: `${request.method} is not served here.` })
}

async function serveMethod(parts: Parts, http: HttpExchange): Promise<void> {
  const { engine, sessions } = parts
  switch (http.request.method) {
    case 'GET':
      checkAccept(http.request, ['text/event-stream'])
      await serveGet(engine, sessions, http)
      return
    case 'DELETE':
      await sessions.end(await findSession(sessions, http))
      writeEmpty(http.response, 204)
      return
    default:
      checkMediaType(http.request)
      checkAccept(http.request, ['application/json', 'text/event-stream'])
      await serveMessage(parts, http)
  }
}

async function serveMessage(parts: Parts, http: HttpExchange): Promise<void> {
  const text = await readBody(http.request, parts.engine.options.maxBodyBytes)
  const message = readMessage(text, parts.engine.options.maxJsonDepth)
  try {
    if (isModernMessage(message, http.request)) await serveModernMessage(parts, message, http)
    else await servePost(parts.engine, parts.sessions, message, http)
  } catch (thrown) {
    refuse(parts, http.response, thrown, message.kind === 'request' ? message.message.id : undefined)
  }
}

async function serveModernMessage(parts: Parts, { kind, message }: Message, http: HttpExchange): Promise<void> {
  if (kind === 'request') {
    await serveModern(parts.engine, message, http)
  } else if (kind === 'notification') {
    writeEmpty(http.response, 202)
  } else {
    throw new ToolgateError({ code: 'INVALID_REQUEST', message: 'A response cannot be posted in revision 2026-07-28.' })
  }
}

/** The body decides the era, or else the version header; `initialize` opens a session unless it claims otherwise. */
function isModernMessage({ kind, message }: Message, request: IncomingMessage): boolean {
  const namesModern = isModernVersion(String(request.headers['mcp-protocol-version'] ?? ''))
  if (kind === 'response') return namesModern
  if (kind === 'request' && opensLegacy(message)) return namesModern
  return claimsModern(message.params) || namesModern
}

const LOOK_MS = 20

async function closeEdge(parts: Parts, server: HttpEdge['server'], graceMs: number): Promise<void> {
  const { keepAlive, sessions, sweep, shedder, engine } = parts
  keepAlive.close()
  shedder.close()
  clearInterval(sweep)
  engine.streams.close()
  if (server.listening) {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A connection that waits for its next request is closed as soon as it has no other.
    const idle = setInterval(() => server.closeIdleConnections(), LOOK_MS)
    const cut = setTimeout(() => {
      sessions.close()
      server.closeAllConnections()
    }, graceMs)
    await closed
    clearInterval(idle)
    clearTimeout(cut)
  }
  sessions.close()
}
