import type { Subject } from '../audit/subjects.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { InputRequired } from '../capabilities/input-required.ts'
import type { ToolgateError } from '../errors.ts'
import type { Fired } from '../sanitize/apply-findings.ts'
import type { Admission } from './admit.ts'
import type { Decision } from './authorize.ts'
import type { DescribedPayload } from './describe-payload.ts'

/** How a call ended. A result is one of the protocol's; an error is safe to show but for its `cause`. */
export type Outcome =
  | { readonly status: 'ok'; readonly result: unknown }
  | { readonly status: 'input_required'; readonly asked: InputRequired }
  | { readonly status: 'error'; readonly error: ToolgateError }

/** What became known of a call on its way; the records are written from it. */
export interface Trace {
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  /** The same moment on the timer. */
  readonly startedMark: number
  /** Of the trace that the caller says the call belongs to; 32 hex digits. */
  readonly traceId?: string
  /** Who calls, as the trail names them. */
  readonly subject: Subject
  capability?: Capability
  decision?: Decision
  /** The call whose answer this one was given. */
  replayOf?: string
  /** What was taken out of the result or the error, by rule. */
  masked?: readonly Fired[]
  admission?: Admission
  /** The code of the failure that ended it. */
  code?: string
  /** Every guard has let it pass, and that was recorded. */
  isDecided?: true
  /** What both records say. */
  fields?: string
  input?: DescribedPayload | undefined
  /** How long the handler ran; absent when it did not. */
  runMs?: number
}
