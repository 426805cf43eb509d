import type { JsonSchema } from './protocol.ts'

/** A form for the user: flat, primitive fields only (specification, Elicitation). */
export interface ElicitForm {
  method: 'elicitation/create'
  params: { mode?: 'form'; message: string; requestedSchema: JsonSchema }
}

/** A page the user is sent to. */
export interface ElicitUrl {
  method: 'elicitation/create'
  params: { mode: 'url'; message: string; url: string }
}

/** A completion asked of the client's model. Deprecated in revision 2026-07-28, served in both eras. */
export interface Sample {
  method: 'sampling/createMessage'
  params: SampleParams
}

export interface SampleParams {
  messages: { role: 'user' | 'assistant'; content: unknown }[]
  maxTokens: number
  systemPrompt?: string
  temperature?: number
  stopSequences?: string[]
  modelPreferences?: Record<string, unknown>
  tools?: unknown[]
  toolChoice?: Record<string, unknown>
  metadata?: Record<string, unknown>
}

/** The client's root folders. */
export interface ListRoots {
  method: 'roots/list'
  params?: Record<string, unknown>
}

export type InputRequest = ElicitForm | ElicitUrl | Sample | ListRoots

export interface ElicitResult {
  action: 'accept' | 'decline' | 'cancel'
  content?: Record<string, string | number | boolean | string[]>
}

export interface SampleResult {
  role: 'user' | 'assistant'
  content: unknown
  model: string
  stopReason?: string
}

export interface RootsResult {
  roots: { uri: string; name?: string }[]
}

export type InputResponse = ElicitResult | SampleResult | RootsResult

/** The answers by the key each was asked under. An answer may be missing: ask again. */
export type InputResponses = Readonly<Record<string, InputResponse | undefined>>

const INPUT_REQUIRED = Symbol.for('toolgate.inputRequired')

/** What a handler returns to ask the user, or the client, for more before it can answer. */
export interface InputRequired {
  readonly requests: Readonly<Record<string, InputRequest>>
  /** Handed back to the handler as `context.state`; sealed on its way through the client. JSON only. */
  readonly state?: unknown
}

/**
 * Asks for input; return it from a handler. The handler is called again with the answers in `context.inputs` and
 * `state` in `context.state`. The same code serves both eras: a modern client gets `input_required` and retries, an older
 * one is asked over its session. At least one request or a state is needed.
 *
 * @example
 * const answer = context.inputs.sure
 * if (answer === undefined) return inputRequired({ requests: { sure: elicit('Delete it?', schema) } })
 */
export function inputRequired(ask: { requests?: Record<string, InputRequest>; state?: unknown }): InputRequired {
  const requests = ask.requests ?? {}
  if (Object.keys(requests).length === 0 && ask.state === undefined) {
    throw new TypeError('inputRequired() needs at least one request or a state')
  }
  const asked = { requests, ...(ask.state === undefined ? {} : { state: ask.state }) }
  Object.defineProperty(asked, INPUT_REQUIRED, { value: true })
  return asked
}

/** Whether a handler's return value asks for input. */
export function isInputRequired(value: unknown): value is InputRequired {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[INPUT_REQUIRED] === true
}

/** Asks the user to fill a form; `schema` is a flat JSON Schema object of primitive properties. */
export function elicit(message: string, schema: JsonSchema): ElicitForm {
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema: schema } }
}

/** Sends the user to an HTTPS page, for what must not pass through the client (credentials, payment). */
export function elicitUrl(message: string, url: string): ElicitUrl {
  return { method: 'elicitation/create', params: { mode: 'url', message, url } }
}

/** Asks the client's model for a completion. */
export function sample(params: SampleParams): Sample {
  return { method: 'sampling/createMessage', params }
}

/** Asks the client for its root folders. */
export function listRoots(): ListRoots {
  return { method: 'roots/list' }
}

/** The content of an accepted form, or `undefined` when the user declined, cancelled or was not asked yet. */
export function acceptedContent(response: InputResponse | undefined): ElicitResult['content'] | undefined {
  if (response === undefined || !('action' in response) || response.action !== 'accept') return undefined
  return response.content ?? {}
}
