import type { Capability, Tool } from '../capabilities/capability.ts'
import { isInputRequired } from '../capabilities/input-required.ts'
import type { ErrorCode } from '../error-table.ts'
import { type ErrorDetails, ToolgateError, toToolgateError } from '../errors.ts'
import { RECALL_FULL, type RecalledCall, type RecallStore } from '../storage/recall-store.ts'
import { type Call, Cancellation } from './call.ts'
import { fingerprintCall } from './fingerprint-call.ts'
import type { InFlight } from './in-flight.ts'
import { LastWrites } from './last-writes.ts'
import type { IdempotencyOptions } from './options.ts'
import type { Trace } from './outcome.ts'

/** What recalling needs. */
export interface RecallParts {
  readonly store: RecallStore
  readonly options: IdempotencyOptions
  readonly clock: () => number
}

/** One call on its way through the guard. */
interface Passing {
  readonly call: Call
  readonly trace: Trace
  readonly inFlight: InFlight
  readonly execute: (call: Call) => Promise<unknown>
}

/** What a call is recognised by. */
interface Recognition {
  readonly key: string
  readonly fingerprint: string
  readonly ttlMs: number
  /** The client chose the key; it wants this call once, whatever becomes of it. */
  readonly isKeyed: boolean
}

type Answer = { readonly result: object } | { readonly error: ErrorDetails }

/** Failures after which it is certain that nothing was executed. */
const NOT_EXECUTED: ReadonlySet<ErrorCode> = new Set([
  'RATE_LIMITED',
  'AUDIT_UNAVAILABLE',
  'TOO_MANY_TASKS',
  'METHOD_NOT_FOUND',
  'CLIENT_CAPABILITY_REQUIRED',
])
const KEY = /^[\x21-\x7e]{1,255}$/
const RETRY_AFTER_S = 60

/**
 * Executes a call, or answers what the same call was answered before: under an `idempotencyKey` in `_meta`, or, for tools
 * with `idempotentHint` that write, when it is repeated within the window. A call that is under way is joined. Keys belong to
 * their principal. Throws `IDEMPOTENCY_CONFLICT`.
 */
export class Recall {
  readonly #parts: RecallParts
  readonly #writes: LastWrites = new LastWrites()
  readonly #running = new Map<string, Promise<unknown>>()

  constructor(parts: RecallParts) {
    this.#parts = parts
  }

  /** The guard. Nearly every call has nothing to be recognised by and is just executed. */
  serve(capability: Capability, passing: Passing): Promise<unknown> {
    const { call, execute } = passing
    const wanted = call.kind === 'tool' ? this.#recognise(capability as Tool, call) : undefined
    return wanted === undefined ? execute(call) : this.#once(wanted, passing)
  }

  /** How long a call without a key is recognised as a repetition, 0 for not at all, and one with a key; nothing is noted. */
  describe(tool: Tool): { readonly windowMs: number; readonly keyTtlMs: number } {
    const { keyTtlMs, windowMs } = this.#parts.options
    const isRepeatable = tool.definition.annotations?.idempotentHint === true && !tool.isReadOnly
    return { windowMs: isRepeatable ? windowMs : 0, keyTtlMs }
  }

  #recognise(tool: Tool, call: Call): Recognition | undefined {
    const { keyTtlMs, windowMs } = this.describe(tool)
    const { idempotencyKey } = call.meta
    const isRound = call.state !== undefined || Object.keys(call.inputs).length > 0
    if (idempotencyKey === undefined && (windowMs === 0 || isRound)) {
      if (!tool.isReadOnly) this.#writes.note(call.principal.id, tool.connector, undefined)
      return undefined
    }
    const fingerprint = fingerprintCall(call)
    const turn = tool.isReadOnly ? 0 : this.#writes.note(call.principal.id, tool.connector, fingerprint)
    if (idempotencyKey === undefined) {
      const key = ['window', call.principal.id, turn, fingerprint].join('\0')
      return { key, fingerprint, ttlMs: windowMs, isKeyed: false }
    }
    const key = ['key', call.principal.id, requireKey(idempotencyKey)].join('\0')
    return { key, fingerprint, ttlMs: keyTtlMs, isKeyed: true }
  }

  async #once(wanted: Recognition, passing: Passing): Promise<unknown> {
    const { store, clock } = this.#parts
    const { key, fingerprint, ttlMs } = wanted
    const { call, trace } = passing
    const now = clock()
    const principalId = call.principal.id
    const found = await store.claim({ key, principalId, callId: call.id, fingerprint, now, expiresAt: now + ttlMs })
    if (found === undefined) return this.#executeFirst(wanted, passing)
    if (found === RECALL_FULL) throw tooMany()
    if (found.fingerprint !== fingerprint) throw conflict('The key was used for another call.')
    trace.replayOf = found.callId
    return found.answer === undefined ? this.#join(wanted, passing, found) : replay(found, found.answer)
  }

  /** A call under a key goes on when its caller leaves, so that whoever comes back finds how it ended. */
  #executeFirst(wanted: Recognition, { call, execute, inFlight }: Passing): Promise<unknown> {
    const isLeft = wanted.isKeyed && call.handoff === undefined
    const own = isLeft ? { ...call, cancellation: new Cancellation() } : call
    inFlight.begin()
    const execution = this.#settle(wanted, call, execute(own)).finally(() => {
      this.#running.delete(wanted.key)
      inFlight.end()
    })
    this.#running.set(wanted.key, execution)
    return isLeft ? unlessCancelled(call, execution) : execution
  }

  async #settle({ key, isKeyed }: Recognition, { id }: Call, execution: Promise<unknown>): Promise<unknown> {
    const { store } = this.#parts
    try {
      const result = await execution
      if (isInputRequired(result)) await store.release(key, id)
      else await store.settle(key, id, this.#textOf({ result: result as object }))
      return result
    } catch (thrown) {
      const { code, message, hint, data } = toToolgateError(thrown)
      if (!isKeyed || NOT_EXECUTED.has(code)) await store.release(key, id)
      else {
        const more = { ...(hint === undefined ? {} : { hint }), ...(data === undefined ? {} : { data }) }
        await store.settle(key, id, this.#textOf({ error: { code, message, ...more } }))
      }
      throw thrown
    }
  }

  async #join(wanted: Recognition, passing: Passing, found: RecalledCall): Promise<unknown> {
    const { call } = passing
    const running = call.handoff === undefined ? this.#running.get(wanted.key) : undefined
    if (running === undefined) throw conflict('The first call under this key still runs.', { retryAfter: 1 })
    try {
      const result = await unlessCancelled(call, running)
      return isInputRequired(result) ? result : marked(result as object, found.callId)
    } catch (thrown) {
      if (wanted.isKeyed || call.cancellation.isCancelled) throw thrown
      // The first one failed, or its caller left: this one has still to be made.
      return this.#once(wanted, passing)
    }
  }

  #textOf(answer: Answer): string | null {
    const text = JSON.stringify(answer)
    return text.length > this.#parts.options.maxResultBytes ? null : text
  }
}

function requireKey(key: unknown): string {
  if (typeof key === 'string' && KEY.test(key)) return key
  throw new ToolgateError({
    code: 'INVALID_PARAMS',
    message: '`_meta.idempotencyKey` must be a string of 1 to 255 visible ASCII characters.',
  })
}

function replay({ callId }: RecalledCall, text: string | null): object {
  if (text === null) throw conflict('The call under this key has ended; its result is not kept.', { callId })
  const answer = JSON.parse(text) as Answer
  if ('error' in answer) throw new ToolgateError(answer.error)
  return marked(answer.result, callId)
}

/** Says that the result is one that was given before, and by which call. */
function marked(result: object, callId: string): object {
  const { _meta } = result as { readonly _meta?: object }
  return { ...result, _meta: { ..._meta, 'dev.toolgate/replayOf': callId } }
}

function unlessCancelled(call: Call, execution: Promise<unknown>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (how: (value: unknown) => void) => (value: unknown) => {
      call.cancellation.onCancel(undefined)
      how(value)
    }
    call.cancellation.onCancel(() =>
      reject(new ToolgateError({ code: 'CANCELLED', message: 'The call was cancelled.' })),
    )
    execution.then(settle(resolve), settle(reject))
  })
}

function conflict(message: string, data?: Readonly<Record<string, unknown>>): ToolgateError {
  const hint = 'Use a new key for a new call.'
  return new ToolgateError({ code: 'IDEMPOTENCY_CONFLICT', message, hint, ...(data === undefined ? {} : { data }) })
}

function tooMany(): ToolgateError {
  const message = 'Too many calls under idempotency keys are remembered.'
  return new ToolgateError({ code: 'RATE_LIMITED', message, data: { retryAfter: RETRY_AFTER_S } })
}
