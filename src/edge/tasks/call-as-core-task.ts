import { ToolgateError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toCall, type Wanted } from '../methods/to-call.ts'
import { isObject } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { serveRounds } from '../rounds/serve-rounds.ts'
import { toCoreTask } from './core-task.ts'
import { refusalOf, refuseCall } from './run-task.ts'
import { serveDetachable } from './serve-detachable.ts'
import { offersTasks } from './tasks-extension.ts'

/**
 * Serves `tools/call` of a 2025-11-25 client that wants a task, or of a tool that runs as nothing else. There the client
 * decides: with `params.task` the answer is a handle, however soon the handler ends. What the guards refuse is an error
 * of the protocol, because such a client takes nothing else for a refusal. Throws `METHOD_NOT_FOUND` where tool and
 * client do not agree.
 */
export function callAsCoreTask(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Promise<object> {
  const { catalog } = engine.guards
  if (!offersTasks(catalog)) return serveRounds(engine, wanted, exchange, params)
  const support = catalog.findTool(wanted.name)?.definition.task
  if (params.task === undefined) {
    const message = `${wanted.name} runs as a task alone: call it with \`params.task\`.`
    return refuseCall(engine, { wanted, refusal: disagreement(message) }, exchange, params)
  }
  const ttlMs = readTtl(params.task)
  if (support === undefined) {
    const message = `${wanted.name} does not run as a task: call it without \`params.task\`.`
    return refuseCall(engine, { wanted, refusal: disagreement(message) }, exchange, params)
  }
  return startCoreTask(engine, { wanted, ttlMs }, exchange, params)
}

function startCoreTask(
  engine: Engine,
  { wanted, ttlMs }: { readonly wanted: Wanted; readonly ttlMs: number | undefined },
  exchange: Exchange,
  params: Params,
): Promise<object> {
  const call = toCall(engine, wanted, exchange, params)
  const { id: principalId } = exchange.principal
  const about = { principalId, callId: call.id, tool: wanted.name, input: wanted.input, meta: call.meta, ttlMs }
  return serveDetachable(engine, call, exchange, {
    begin: () => engine.tasks.create(about),
    left: (task) => ({ task: toCoreTask(task) }),
    ended(outcome, task) {
      if (outcome.status === 'error' && task === undefined) throw refusalOf(outcome, call)
      return undefined
    },
  })
}

/** The wanted time in whole milliseconds; `undefined` for as long as there is. Throws `INVALID_PARAMS`. */
function readTtl(task: unknown): number | undefined {
  const ttl = isObject(task) ? (task.ttl ?? undefined) : 'none'
  if (ttl === undefined) return undefined
  if (typeof ttl === 'number' && Number.isFinite(ttl) && ttl > 0) return Math.ceil(ttl)
  throw new ToolgateError({
    code: 'INVALID_PARAMS',
    message: '`params.task` must be an object; its `ttl` is a number of milliseconds above 0.',
  })
}

function disagreement(message: string): ToolgateError {
  return new ToolgateError({ code: 'METHOD_NOT_FOUND', message })
}
