import type { InputResponse, InputResponses } from '../../capabilities/input-required.ts'
import { ToolgateError } from '../../errors.ts'
import { isObject } from '../protocol/envelope.ts'

/** Reads `params.inputResponses`. Throws `INVALID_PARAMS` for what has the shape of no answer. */
export function readInputResponses(value: unknown): InputResponses {
  if (value === undefined) return {}
  if (!isObject(value)) throw invalid('`inputResponses` must be an object.')
  return Object.fromEntries(Object.entries(value).map(([key, given]) => [key, requireInputResponse(key, given)]))
}

/** The answer to one question. Throws `INVALID_PARAMS`. */
export function requireInputResponse(key: string, value: unknown): InputResponse {
  if (isObject(value) && (isElicitResult(value) || isSampleResult(value) || Array.isArray(value.roots))) {
    return value as unknown as InputResponse
  }
  throw invalid(`The answer to ${JSON.stringify(key.slice(0, 100))} has an unknown shape.`)
}

const ACTIONS: ReadonlySet<unknown> = new Set(['accept', 'decline', 'cancel'])

function isElicitResult({ action, content }: Record<string, unknown>): boolean {
  return ACTIONS.has(action) && (content === undefined || content === null || isObject(content))
}

function isSampleResult({ role, model, content }: Record<string, unknown>): boolean {
  return (role === 'user' || role === 'assistant') && typeof model === 'string' && typeof content === 'object'
}

function invalid(message: string): ToolgateError {
  return new ToolgateError({ code: 'INVALID_PARAMS', message })
}
