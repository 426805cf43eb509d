import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { Connection } from '../connection.ts'
import type { Engine } from '../engine.ts'
import { claimsModern } from '../protocol/envelope.ts'
import { readMessage } from '../protocol/json-rpc.ts'
import { checkAccept, checkMediaType, pathOf } from './check-request.ts'
import { readBody } from './read-body.ts'
import type { HttpExchange } from './serve-modern.ts'
import { openSseStream } from './sse-stream.ts'
import { writeEmpty } from './write-json.ts'

/**
 * The transport of revision 2024-11-05, which later ones replaced: the client listens on one path and posts to another.
 * A connection lives as long as its stream, belongs to the principal that opened it, and counts as one open stream.
 */
export interface SsePair {
  /** Whether the path is one of the two. */
  owns(path: string): boolean
  /** The one method that a path takes. */
  methodOf(path: string): string
  /** Serves one request to one of the two. Throws what refuses it. */
  serve(http: HttpExchange): Promise<void>
}

interface Listener {
  readonly principal: Principal
  readonly connection: Connection
}

const LISTEN_PATH = '/sse'
const POST_PATH = '/messages'

/** Makes the pair; nobody is connected yet. */
export function createSsePair(engine: Engine): SsePair {
  const listeners = new Map<string, Listener>()
  return {
    owns: (path) => path === LISTEN_PATH || path === POST_PATH,
    methodOf: (path) => (path === LISTEN_PATH ? 'GET' : 'POST'),
    async serve(http) {
      if (pathOf(http.request) === LISTEN_PATH) listen(engine, listeners, http)
      else await take(engine, listeners, http)
    },
  }
}

function listen(engine: Engine, listeners: Map<string, Listener>, http: HttpExchange): void {
  const { request, response, principal } = http
  checkAccept(request, ['text/event-stream'])
  const giveBack = engine.streams.open(principal, () => void connection.settled().then(() => stream.end()))
  const id = randomBytes(32).toString('base64url')
  const stream = openSseStream(http)
  const connection = new Connection(engine, {
    principal,
    transport: 'http',
    write: (message) => stream.send(message),
  })
  listeners.set(id, { principal, connection })
  response.once('close', () => {
    listeners.delete(id)
    giveBack()
    connection.close()
  })
  response.write(`event: endpoint\ndata: ${POST_PATH}?sessionId=${id}\n\n`)
}

async function take(engine: Engine, listeners: ReadonlyMap<string, Listener>, http: HttpExchange): Promise<void> {
  const { request, response, principal } = http
  checkMediaType(request)
  const { connection } = find(listeners, request, principal)
  const message = readMessage(await readBody(request, engine.options.maxBodyBytes), engine.options.maxJsonDepth)
  if (message.kind !== 'response' && claimsModern(message.message.params)) {
    // Its headers mirror its body and are checked where it is served.
    throw new ToolgateError({
      code: 'BAD_REQUEST',
      message: 'Revision 2026-07-28 is not served here.',
      hint: `Post to ${engine.options.path}.`,
    })
  }
  writeEmpty(response, 202)
  connection.receive(message)
}

/** All that decides what a principal may do. */
function grantOf({ id, clientId, tenant, roles, scopes, claims }: Principal): string {
  return JSON.stringify([id, clientId, tenant, roles, scopes, claims])
}

/**
 * One answer for an unknown id and for another principal's. What is posted is served as what listens, so a token with fewer scopes
 * than that of the listener is another one.
 */
function find(listeners: ReadonlyMap<string, Listener>, request: IncomingMessage, principal: Principal): Listener {
  const id = new URLSearchParams((request.url ?? '').split('?')[1]).get('sessionId')
  const found = id === null ? undefined : listeners.get(id)
  if (found !== undefined && grantOf(found.principal) === grantOf(principal)) return found
  throw new ToolgateError({
    code: 'SESSION_NOT_FOUND',
    message: 'The session is unknown or has ended.',
    hint: `Listen on ${LISTEN_PATH} and post to the endpoint that it tells.`,
  })
}
