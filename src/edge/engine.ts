import { randomUUID } from 'node:crypto'
import type { ChangeNotifier } from '../capabilities/call-context.ts'
import type { Implementation } from '../capabilities/protocol.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'
import type { Guards } from '../pipeline/guards.ts'
import type { SessionRecords } from '../storage/session-records.ts'
import type { TaskStore } from '../storage/task-store.ts'
import { createEventBus, type EventBus } from './event-bus.ts'
import type { Exchange } from './exchange.ts'
import { createOpenStreams, type OpenStreams } from './open-streams.ts'
import type { ServerOptions } from './options.ts'
import type { JsonRpcRequest, JsonRpcResponse, Params } from './protocol/json-rpc.ts'
import { toErrorResponse } from './protocol/wire-error.ts'
import type { Sealer } from './seal.ts'
import { TaskTable } from './tasks/task-table.ts'
import { WaitingBytes } from './waiting-bytes.ts'

/** What every transport shares: the guards, the server's own name, and what is announced. */
export interface Engine {
  /** Replaced as a whole when what is offered or configured changes; never kept by anybody. */
  guards: Guards
  /** Replaced as a whole. */
  identity: ServerIdentity
  readonly options: ServerOptions
  readonly sealer: Sealer
  readonly events: EventBus
  readonly streams: OpenStreams
  readonly waiting: WaitingBytes
  readonly tasks: TaskTable
  /** Where sessions are found that another process opened. */
  readonly sessionRecords: SessionRecords
  /** Handed to handlers as `context.notify`. */
  readonly notifier: ChangeNotifier
}

export interface ServerIdentity {
  readonly info: Implementation
  readonly instructions: string | undefined
}

/** Answers one method. `request` carries the id where the answer needs it. */
export type Method = (
  engine: Engine,
  params: Params,
  exchange: Exchange,
  request: JsonRpcRequest,
) => object | Promise<object>

/** What an engine is made of. */
export interface EngineParts extends Omit<Engine, 'events' | 'notifier' | 'streams' | 'tasks' | 'waiting'> {
  readonly taskStore: TaskStore
  /** Shared by engines that tell each other's clients of changes; else the engine has its own. */
  readonly events?: EventBus
}

/** Makes the engine. It does no I/O. */
export function createEngine({ taskStore: store, events = createEventBus(), ...parts }: EngineParts): Engine {
  const { clock, observe } = parts.guards
  const tasks = new TaskTable({
    ...{ store, options: parts.options.tasks, clock, observe },
    publish: (task) => events.publish({ kind: 'task', task }),
  })
  const notifier: ChangeNotifier = {
    toolsChanged: () => events.publish({ kind: 'tools' }),
    promptsChanged: () => events.publish({ kind: 'prompts' }),
    resourcesChanged: () => events.publish({ kind: 'resources' }),
    resourceUpdated: (uri) => events.publish({ kind: 'resource', uri }),
  }
  const streams = createOpenStreams(parts.options)
  return { ...parts, events, notifier, tasks, streams, waiting: new WaitingBytes() }
}

/** How a request ended: the response, and the error behind it for transports that have statuses. */
export interface Answer {
  readonly response: JsonRpcResponse
  readonly error?: ToolgateError
}

/** Answers one request, or `undefined` when it was cancelled: then nothing may be sent. Never rejects. */
export async function answerRequest(
  engine: Engine,
  request: JsonRpcRequest,
  exchange: Exchange,
  methods: ReadonlyMap<string, Method>,
): Promise<Answer | undefined> {
  const startedMark = engine.guards.timer()
  try {
    const method = methods.get(request.method)
    if (method === undefined) throw unknownMethod(request.method)
    const result = await method(engine, request.params ?? {}, exchange, request)
    if (exchange.cancellation.isCancelled) return undefined
    if (!CALLS.has(request.method)) observeRequest(engine, exchange, { method: request.method, startedMark })
    return { response: { jsonrpc: '2.0', id: request.id, result } }
  } catch (thrown) {
    if (exchange.cancellation.isCancelled) return undefined
    const { code, data } = toToolgateError(thrown)
    // What has the id of a call was recorded with it.
    if (data?.callId === undefined) {
      const known = methods.has(request.method) ? { method: request.method } : {}
      observeRequest(engine, exchange, { ...known, code, startedMark })
    }
    const error = toAnswerable(engine, thrown)
    return { response: toErrorResponse(error, exchange.era, request.id), error }
  }
}

/** Methods whose requests are calls: those are recorded as such, with more than is known here. */
const CALLS: ReadonlySet<string> = new Set([
  'tools/call',
  'resources/read',
  'prompts/get',
  'completion/complete',
  'tasks/get',
  'tasks/result',
  'tasks/update',
  'tasks/cancel',
])

interface EndedRequest {
  readonly method?: string
  readonly code?: string
  readonly startedMark: number
}

function observeRequest({ guards }: Engine, exchange: Exchange, { startedMark, ...request }: EndedRequest): void {
  const { transport, era } = exchange
  guards.observe({ type: 'request.ended', ...request, transport, era, durationMs: guards.timer() - startedMark })
}

function unknownMethod(method: string): ToolgateError {
  return new ToolgateError({ code: 'METHOD_NOT_FOUND', message: `Method not found: ${method.slice(0, 100)}` })
}

/** An error that no call has taken up yet gets a reference of its own, so that the log can be asked for it. */
function toAnswerable(engine: Engine, thrown: unknown): ToolgateError {
  const error = toToolgateError(thrown)
  if (error.code !== 'INTERNAL' || error.data?.callId !== undefined) return error
  const callId = randomUUID()
  engine.guards.observe({ type: 'fault', message: `Request failed, reference ${callId}`, cause: error.cause })
  return new ToolgateError({ code: 'INTERNAL', message: error.message, data: { callId }, cause: error.cause })
}
