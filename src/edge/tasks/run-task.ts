import type { InputResponses } from '../../capabilities/input-required.ts'
import { ToolgateError } from '../../errors.ts'
import type { Call } from '../../pipeline/call.ts'
import type { Outcome } from '../../pipeline/outcome.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toCall, type Wanted } from '../methods/to-call.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { withCallId } from '../protocol/wire-error.ts'
import { answerOutcome, readRound, serveRounds } from '../rounds/serve-rounds.ts'
import { serveDetachable } from './serve-detachable.ts'
import { type Task, toHandle } from './task.ts'
import { declaresTasks, tasksRequired } from './tasks-extension.ts'

/**
 * Serves `tools/call` of a tool that may run as a task. It becomes one when the client knows tasks and the handler does
 * not return at once; the answer is then the task's handle, given when the task is stored. Every guard has passed by then.
 */
export function callAsTask(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Promise<object> {
  if (declaresTasks(exchange)) return startTask(engine, wanted, exchange, params)
  const isRequired = engine.guards.catalog.findTool(wanted.name)?.definition.task === 'required'
  if (!isRequired) return serveRounds(engine, wanted, exchange, params)
  return refuseCall(engine, { wanted, refusal: tasksRequired(exchange) }, exchange, params)
}

/** Refuses a call when every guard has let it pass, so that who may not know of the tool learns nothing. */
export function refuseCall(
  engine: Engine,
  { wanted, refusal }: { readonly wanted: Wanted; readonly refusal: ToolgateError },
  exchange: Exchange,
  params: Params,
): Promise<object> {
  const begin = (): never => {
    throw refusal
  }
  return serveRounds(engine, { ...wanted, handoff: { begin, leave: () => {} } }, exchange, params)
}

async function startTask(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Promise<object> {
  const call = toCall(engine, wanted, exchange, params)
  const { id: principalId } = exchange.principal
  const about = { principalId, callId: call.id, tool: wanted.name, input: wanted.input, meta: call.meta }
  return serveDetachable(engine, { ...call, ...readRound(engine, call, params) }, exchange, {
    begin: () => engine.tasks.create(about),
    left: toHandle,
    ended(outcome, task) {
      if (task !== undefined) engine.tasks.discard(task)
      return answerOutcome(engine, call, outcome, exchange)
    },
  })
}

/** With what the handler of a task is called again. */
export interface Resumption {
  /** The method that brought it, for records. */
  readonly method: string
  readonly inputs: InputResponses
  /** The guards have let it pass. Throws to refuse it. */
  check?(): void
}

/** Calls the handler of a task again, with what it had asked for. Resolves to an empty result when it is under way. */
export async function resumeTask(
  engine: Engine,
  task: Task,
  exchange: Exchange,
  { method, inputs, check }: Resumption,
): Promise<object> {
  const wanted: Wanted = { kind: 'tool', method, name: task.tool, input: task.input }
  const call = { ...toCall(engine, wanted, exchange, { _meta: task.meta }), inputs, state: task.state }
  return serveDetachable(engine, call, exchange, {
    begin() {
      check?.()
      const { state: _, ...asked } = task
      const taken = engine.tasks.change(asked, engine.tasks.resumed(task))
      if (taken !== undefined) return taken
      throw new ToolgateError({ code: 'INVALID_PARAMS', message: 'The task has changed meanwhile; look at it again.' })
    },
    left: () => ({}),
    ended(outcome, taken) {
      if (taken === undefined) throw refusalOf(outcome, call)
      return undefined
    },
  })
}

/** What a call that became no task is refused with. */
export function refusalOf(outcome: Outcome, call: Call): ToolgateError {
  const error = outcome.status === 'error' ? outcome.error : new ToolgateError({ code: 'INTERNAL', message: '' })
  return withCallId(error, call.id)
}
