import type { CallContext } from '../capabilities/call-context.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Completer } from '../capabilities/definition.ts'
import type { CompleteResult } from '../capabilities/protocol.ts'
import { ToolgateError } from '../errors.ts'
import type { Call } from './call.ts'

/** The most values an answer may carry (specification, Completion). */
const MAX_VALUES = 100

/** Asks the completer of one argument. An argument without one completes to nothing. */
export function complete(
  capability: Capability,
  call: Call,
  context: CallContext,
): CompleteResult | Promise<CompleteResult> {
  const request = call.completion
  const names = argumentNames(capability)
  if (request === undefined || !names.includes(request.argument)) {
    throw new ToolgateError({
      code: 'INVALID_PARAMS',
      message: `${call.name} has no argument ${JSON.stringify(request?.argument)}.`,
      hint: names.length === 0 ? 'It has no arguments at all.' : `Its arguments are ${names.join(', ')}.`,
    })
  }
  const completers = 'complete' in capability.definition ? capability.definition.complete : undefined
  const completer =
    completers !== undefined && Object.hasOwn(completers, request.argument) ? completers[request.argument] : undefined
  if (completer === undefined) return toResult([])
  const values = completer(request.typed, context as Parameters<Completer>[1])
  return values instanceof Promise ? values.then(toResult) : toResult(values as readonly string[])
}

function argumentNames(capability: Capability): readonly string[] {
  if (capability.kind === 'resourceTemplate') return capability.template.variables
  return capability.kind === 'prompt' ? Object.keys((capability.input.json.properties ?? {}) as object) : []
}

function toResult(values: readonly string[]): CompleteResult {
  return {
    completion: {
      values: values.slice(0, MAX_VALUES).map(String),
      total: values.length,
      hasMore: values.length > MAX_VALUES,
    },
  }
}
