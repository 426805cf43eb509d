import { ToolgateError, toToolgateError } from '../../errors.ts'
import type { Call, Handoff } from '../../pipeline/call.ts'
import type { Outcome } from '../../pipeline/outcome.ts'
import { serveCall } from '../../pipeline/serve-call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { toCall, type Wanted } from '../methods/to-call.ts'
import { toErrorResponse } from '../protocol/wire-error.ts'
import { requireClientCapabilities } from '../rounds/client-capabilities.ts'
import { answerError, MAX_ROUNDS } from '../rounds/serve-rounds.ts'
import type { Task } from './task.ts'

/** One call of a task's handler, and the request that it began with. */
export interface Round {
  readonly call: Call
  readonly exchange: Exchange
}

const UNDER_WAY: Handoff = { begin: () => {}, leave: () => {} }

/** Writes down how the handler ended. A state without a question is handed back to it at once. Never rejects. */
export async function finishTask(engine: Engine, task: Task, { call, exchange }: Round, first: Outcome): Promise<void> {
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
      return { status: 'completed', result: outcome.result as object }
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

/** Ends a task whose question was refused, as the call would have ended. A task that has changed meanwhile is left alone. */
export function failTask(engine: Engine, task: Task, exchange: Exchange, error: ToolgateError): void {
  const wanted: Wanted = { kind: 'tool', method: 'tasks/result', name: task.tool, input: task.input }
  const call = toCall(engine, wanted, exchange, { _meta: task.meta })
  engine.tasks.change(task, { ...changesOfError(error, call), pending: {} })
}

function changesOfError(error: ToolgateError, call: Call): Partial<Task> {
  try {
    return { status: 'completed', result: answerError(error, call) }
  } catch (thrown) {
    const { error: shown } = toErrorResponse(toToolgateError(thrown), call.era)
    return { status: 'failed', ...(shown === undefined ? {} : { error: shown }) }
  }
}
