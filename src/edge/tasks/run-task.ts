import type { InputResponses } from '../../capabilities/input-required.ts'
import { ToolgateError, toToolgateError } from '../../errors.ts'
import { type Call, Cancellation, type Handoff } from '../../pipeline/call.ts'
import type { Outcome } from '../../pipeline/outcome.ts'
import { serveCall } from '../../pipeline/serve-call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toCall, type Wanted } from '../methods/to-call.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { toErrorResponse, withCallId } from '../protocol/wire-error.ts'
import { requireClientCapabilities } from '../rounds/client-capabilities.ts'
import { answerError, answerOutcome, MAX_ROUNDS, readRound, serveRounds } from '../rounds/serve-rounds.ts'
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
  const begin = (): never => {
    throw tasksRequired(exchange)
  }
  return serveRounds(engine, { ...wanted, handoff: { begin, leave: () => {} } }, exchange, params)
}

async function startTask(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Promise<object> {
  const call = toCall(engine, wanted, exchange, params)
  const { id: principalId } = exchange.principal
  const about = { principalId, tool: wanted.name, input: wanted.input, meta: call.meta }
  return serveDetachable(engine, { ...call, ...readRound(engine, call, params) }, exchange, {
    begin: () => engine.tasks.create(about),
    left: toHandle,
    ended(outcome, task) {
      if (task !== undefined) engine.tasks.discard(task)
      return answerOutcome(engine, call, outcome, exchange)
    },
  })
}

/** Calls the handler of a task again, with what it had asked for. Resolves to an empty result when it is under way. */
export async function resumeTask(
  engine: Engine,
  task: Task,
  exchange: Exchange,
  resume: { readonly inputs: InputResponses; readonly check: () => void },
): Promise<object> {
  const wanted: Wanted = { kind: 'tool', method: 'tasks/update', name: task.tool, input: task.input }
  const call = { ...toCall(engine, wanted, exchange, { _meta: task.meta }), inputs: resume.inputs, state: task.state }
  return serveDetachable(engine, call, exchange, {
    begin() {
      resume.check()
      const { state: _, ...asked } = task
      const taken = engine.tasks.change(asked, engine.tasks.resumed(task))
      if (taken !== undefined) return taken
      throw new ToolgateError({ code: 'INVALID_PARAMS', message: 'The task has changed meanwhile; look at it again.' })
    },
    left: () => ({}),
    async ended(outcome, taken) {
      if (taken === undefined) throw refusal(outcome, call)
      await finishTask(engine, taken, { call, exchange }, outcome)
      return {}
    },
  })
}

function refusal(outcome: Outcome, call: Call): ToolgateError {
  const error = outcome.status === 'error' ? outcome.error : new ToolgateError({ code: 'INTERNAL', message: '' })
  return withCallId(error, call.id)
}

/** What a call that may outlive its request does on its way. */
interface Stages {
  /** The guards have let it pass. Throws to refuse it. */
  begin(): Task
  /** The handler works on: what to answer. */
  left(task: Task): object
  /** The call has ended with its request: what to answer. */
  ended(outcome: Outcome, task: Task | undefined): object | Promise<object>
}

function serveDetachable(engine: Engine, call: Call, exchange: Exchange, stages: Stages): Promise<object> {
  return new Promise((resolve, reject) => {
    // Until the task is under way, whoever asked may leave and cancels by it; afterwards only `tasks/cancel` does.
    const cancellation = new Cancellation()
    exchange.cancellation.onCancel(() => cancellation.cancel())
    let task: Task | undefined
    let hasLeft = false
    const handoff: Handoff = {
      begin: () => {
        task = stages.begin()
      },
      leave: () => {
        hasLeft = true
        exchange.cancellation.onCancel(undefined)
        engine.tasks.hold(task as Task, cancellation)
        resolve(stages.left(task as Task))
      },
    }
    const detached: Call = { ...call, cancellation, handoff, channel: channelOf(engine, () => task?.id) }
    const end = async (outcome: Outcome): Promise<void> => {
      if (hasLeft) await finishTask(engine, task as Task, { call: detached, exchange }, outcome)
      else resolve(await stages.ended(outcome, task))
    }
    serveCall(engine.guards, detached).then(end).catch(reject)
  })
}

/** Progress and log messages have no way to the client of a task; the message of the progress is its status message. */
function channelOf(engine: Engine, taskId: () => string | undefined): Call['channel'] {
  return {
    report({ message }) {
      const id = taskId()
      if (id !== undefined && message !== undefined) engine.tasks.describe(id, message)
    },
    log: () => {},
    closeStream: () => {},
  }
}

interface Round {
  readonly call: Call
  readonly exchange: Exchange
}

const UNDER_WAY: Handoff = { begin: () => {}, leave: () => {} }

/** Writes down how the handler ended. A state without a question is handed back to it at once. Never rejects. */
async function finishTask(engine: Engine, task: Task, { call, exchange }: Round, first: Outcome): Promise<void> {
  let outcome = first
  for (let count = 1; isStateAlone(outcome) && count <= MAX_ROUNDS; count += 1) {
    const { state } = outcome.asked
    outcome = await serveCall(engine.guards, { ...call, handoff: UNDER_WAY, inputs: {}, state })
  }
  if (isStateAlone(outcome)) outcome = failed(new ToolgateError({ code: 'INTERNAL', message: ENDLESS }))
  const ended = outcome
  engine.tasks.release(task, (current) => {
    try {
      const changes = changesOf(current, ended, { call, exchange })
      JSON.stringify(changes)
      return changes
    } catch (thrown) {
      return changesOf(current, failed(toToolgateError(thrown)), { call, exchange })
    }
  })
}

const ENDLESS = 'The handler asks without end.'

function isStateAlone(outcome: Outcome): outcome is Extract<Outcome, { status: 'input_required' }> {
  return outcome.status === 'input_required' && Object.keys(outcome.asked.requests).length === 0
}

function failed(error: ToolgateError): Outcome {
  return { status: 'error', error }
}

/** A failure that the model can read is a result; every other one is an error of the protocol (SEP-2663). */
function changesOf(task: Task, outcome: Outcome, { call, exchange }: Round): Partial<Task> {
  switch (outcome.status) {
    case 'ok':
      return { status: 'completed', result: { resultType: 'complete', ...(outcome.result as object) } }
    case 'input_required': {
      requireClientCapabilities(outcome.asked, exchange)
      const { requests, state } = outcome.asked
      const pending = Object.entries(requests).map(([key, request]) => [`${key}-${task.round}`, { key, request }])
      return { status: 'input_required', pending: Object.fromEntries(pending), answers: {}, state }
    }
    case 'error':
      if (outcome.error.code === 'CANCELLED') return { status: 'cancelled' }
      return changesOfError(outcome.error, call)
  }
}

function changesOfError(error: ToolgateError, call: Call): Partial<Task> {
  try {
    return { status: 'completed', result: { resultType: 'complete', ...answerError(error, call) } }
  } catch (thrown) {
    const { error: shown } = toErrorResponse(toToolgateError(thrown), call.era)
    return { status: 'failed', ...(shown === undefined ? {} : { error: shown }) }
  }
}
