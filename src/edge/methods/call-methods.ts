import { ToolgateError } from '../../errors.ts'
import type { Method } from '../engine.ts'
import { isObject } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { serveRounds } from '../rounds/serve-rounds.ts'
import { callAsCoreTask } from '../tasks/call-as-core-task.ts'
import { knowsCoreTasks } from '../tasks/core-task.ts'
import { callAsTask } from '../tasks/run-task.ts'
import { requireString, type Wanted } from './to-call.ts'

/** `tools/call`. Wrong arguments and failures of the tool are results with `isError`, so that the model sees them. */
export const callTool: Method = (engine, params, exchange) => {
  const input = argumentsOf(params)
  const wanted: Wanted = { kind: 'tool', method: 'tools/call', name: requireString(params, 'name'), input }
  const support = engine.guards.catalog.findTool(wanted.name)?.definition.task
  if (knowsCoreTasks(exchange) && (params.task !== undefined || support === 'required')) {
    return callAsCoreTask(engine, wanted, exchange, params)
  }
  return support !== undefined
    ? callAsTask(engine, wanted, exchange, params)
    : serveRounds(engine, wanted, exchange, params)
}

/** `resources/read`. */
export const readResource: Method = (engine, params, exchange) => {
  const uri = requireString(params, 'uri')
  return serveRounds(
    engine,
    { kind: 'resource', method: 'resources/read', name: uri, input: undefined },
    exchange,
    params,
  )
}

/** `prompts/get`. */
export const getPrompt: Method = (engine, params, exchange) => {
  const input = argumentsOf(params)
  const wanted: Wanted = { kind: 'prompt', method: 'prompts/get', name: requireString(params, 'name'), input }
  return serveRounds(engine, wanted, exchange, params)
}

/** `completion/complete`. */
export const completeArgument: Method = (engine, params, exchange) => {
  const { ref, argument, context } = params
  if (!isObject(ref) || !isObject(argument)) throw invalid('`ref` and `argument` must be objects.')
  if (typeof argument.name !== 'string' || typeof argument.value !== 'string') {
    throw invalid('`argument` must have a name and a value, both strings.')
  }
  const known = isObject(context) && isObject(context.arguments) ? context.arguments : {}
  const strings = Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === 'string'))
  const completion = {
    of: ref.type === 'ref/prompt' ? ('prompt' as const) : ('resourceTemplate' as const),
    argument: argument.name,
    typed: argument.value,
    arguments: strings as Record<string, string>,
  }
  const name = nameOfReference(ref)
  const wanted: Wanted = { kind: 'completion', method: 'completion/complete', name, input: undefined, completion }
  return serveRounds(engine, wanted, exchange, params)
}

function nameOfReference(ref: Record<string, unknown>): string {
  if (ref.type === 'ref/prompt' && typeof ref.name === 'string') return ref.name
  if (ref.type === 'ref/resource' && typeof ref.uri === 'string') return ref.uri
  throw invalid('`ref` must be {type: "ref/prompt", name} or {type: "ref/resource", uri}.')
}

function argumentsOf(params: Params): unknown {
  const given = params.arguments ?? {}
  if (isObject(given)) return given
  throw invalid('`params.arguments` must be an object.')
}

function invalid(message: string): ToolgateError {
  return new ToolgateError({ code: 'INVALID_PARAMS', message })
}
