import { randomUUID } from 'node:crypto'
import type { InputResponses } from '../../capabilities/input-required.ts'
import { ToolgateError } from '../../errors.ts'
import type { Call, CallKind, CompletionRequest, Handoff } from '../../pipeline/call.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { LOG_LEVELS, metaOf } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'

/** What a method asks the spine for. */
export interface Wanted {
  readonly kind: CallKind
  readonly method: string
  readonly name: string
  readonly input: unknown
  readonly completion?: CompletionRequest
  readonly handoff?: Handoff
}

/** What an earlier round brought. */
export interface Round {
  readonly inputs: InputResponses
  readonly state: unknown
}

const MAX_NAME = 4096
export const FIRST_ROUND: Round = { inputs: {}, state: undefined }

/** Makes the call that passes the guards. Throws `INVALID_PARAMS` for a name that nothing could have. */
export function toCall(engine: Engine, wanted: Wanted, exchange: Exchange, params: Params): Call {
  if (wanted.name.length > MAX_NAME) {
    throw new ToolgateError({ code: 'INVALID_PARAMS', message: `A name or URI has at most ${MAX_NAME} characters.` })
  }
  const meta = metaOf(params)
  const { kind, method, name, input, completion } = wanted
  return {
    id: randomUUID(),
    kind,
    method,
    name,
    input,
    completion,
    principal: exchange.principal,
    era: exchange.era,
    transport: exchange.transport,
    meta,
    client: exchange.client,
    inputs: FIRST_ROUND.inputs,
    state: FIRST_ROUND.state,
    cancellation: exchange.cancellation,
    channel: channelOf(exchange, meta.progressToken),
    notify: engine.notifier,
    handoff: wanted.handoff,
  }
}

function channelOf(exchange: Exchange, progressToken: unknown): Call['channel'] {
  const mayReport = typeof progressToken === 'string' || typeof progressToken === 'number'
  const least = exchange.logLevel === undefined ? LOG_LEVELS.length : LOG_LEVELS.indexOf(exchange.logLevel)
  return {
    report(progress) {
      if (mayReport) exchange.send('notifications/progress', { progressToken, ...progress })
    },
    log(level, data, logger) {
      if (LOG_LEVELS.indexOf(level) < least) return
      exchange.send('notifications/message', { level, ...(logger === undefined ? {} : { logger }), data })
    },
    closeStream: () => exchange.closeStream(),
  }
}

/** The string parameter of that name. Throws `INVALID_PARAMS`. */
export function requireString(params: Params, name: string): string {
  const value = params[name]
  if (typeof value === 'string' && value !== '') return value
  throw new ToolgateError({ code: 'INVALID_PARAMS', message: `\`params.${name}\` must be a string.` })
}
