import type { InputRequired, InputResponses } from '../../capabilities/input-required.ts'
import type { CallToolResult } from '../../capabilities/protocol.ts'
import { ERRORS } from '../../error-table.ts'
import { ToolgateError, toToolgateError } from '../../errors.ts'
import type { Call } from '../../pipeline/call.ts'
import type { Outcome } from '../../pipeline/outcome.ts'
import { serveCall } from '../../pipeline/serve-call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { FIRST_ROUND, type Round, toCall, type Wanted } from '../methods/to-call.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { withCallId } from '../protocol/wire-error.ts'
import { requireClientCapabilities } from './client-capabilities.ts'
import { readInputResponses, requireInputResponse } from './input-responses.ts'
import { openState, sealState } from './request-state.ts'

/** How often one call may ask before it is taken to ask without end. */
export const MAX_ROUNDS = 20

/**
 * Serves a call that may ask for input on its way. In the modern era a question is the answer (`input_required`) and
 * the client calls again with what it was asked; in the legacy era the client is asked here and the call repeated. Every
 * round passes all guards.
 */
export async function serveRounds(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Promise<object> {
  const call = toCall(engine, wanted, exchange, params)
  let round = exchange.era === 'modern' ? readRound(engine, call, params) : FIRST_ROUND
  for (let count = 1; count <= MAX_ROUNDS; count += 1) {
    const outcome = await serveCall(engine.guards, round === FIRST_ROUND ? call : { ...call, ...round })
    if (outcome.status === 'ok') return outcome.result as object
    if (outcome.status === 'error') return answerError(outcome.error, call)
    try {
      requireClientCapabilities(outcome.asked, exchange)
      if (exchange.ask === undefined) return inputRequired(engine, call, outcome.asked)
      round = { inputs: await askAll(outcome.asked, exchange.ask), state: outcome.asked.state }
    } catch (thrown) {
      return answerError(toToolgateError(thrown), call)
    }
  }
  return answerError(new ToolgateError({ code: 'INTERNAL', message: 'The handler asks without end.' }), call)
}

/** What the client brought from an earlier round. Throws `INVALID_PARAMS`. */
export function readRound(engine: Engine, call: Call, params: Params): Round {
  if (params.inputResponses === undefined && params.requestState === undefined) return FIRST_ROUND
  return { inputs: readInputResponses(params.inputResponses), state: openState(engine, call, params.requestState) }
}

function inputRequired(engine: Engine, call: Call, asked: InputRequired): object {
  const state = asked.state === undefined ? {} : { requestState: sealState(engine, call, asked.state) }
  const hasRequests = Object.keys(asked.requests).length > 0
  return { resultType: 'input_required', ...(hasRequests ? { inputRequests: asked.requests } : {}), ...state }
}

/** Asks the client everything at once, and resolves to the answers by key. Rejects when one is refused or unusable. */
export async function askAll(asked: InputRequired, ask: NonNullable<Exchange['ask']>): Promise<InputResponses> {
  const answered = Object.entries(asked.requests).map(async ([key, { method, params }]) => {
    const response = requireInputResponse(key, await ask(method, params as Params | undefined))
    return [key, response] as const
  })
  return Object.fromEntries(await Promise.all(answered))
}

/** The answer of the modern era to how a call ended; throws what is an error of the protocol. */
export function answerOutcome(engine: Engine, call: Call, outcome: Outcome, exchange: Exchange): object {
  if (outcome.status === 'ok') return outcome.result as object
  if (outcome.status === 'error') return answerError(outcome.error, call)
  try {
    requireClientCapabilities(outcome.asked, exchange)
    return inputRequired(engine, call, outcome.asked)
  } catch (thrown) {
    return answerError(toToolgateError(thrown), call)
  }
}

/** A failure of a tool is a result that the model can read; every other failure is an error of the protocol. */
export function answerError(error: ToolgateError, call: Call): CallToolResult {
  const referred = withCallId(error, call.id)
  if (call.kind !== 'tool' || ERRORS[error.code].isErrorResult !== true) throw referred
  const reference = ERRORS[error.code].audience === 'operator' ? ` Reference: ${call.id}.` : ''
  const hint = error.hint === undefined ? '' : ` ${error.hint}`
  return {
    content: [{ type: 'text', text: `${error.message}${hint}${reference}` }],
    isError: true,
    _meta: { 'dev.toolgate/error': { code: error.code, callId: call.id } },
  }
}
