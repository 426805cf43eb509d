import type { GrantChanged, UserChanged } from './access-changes.ts'
import type { KeyChanged } from './key-changed.ts'
import type {
  Checkpoint,
  Gap,
  HoldChanged,
  Retention,
  SinkFailed,
  SubjectErased,
  SubjectHeld,
  SubjectIntroduced,
  TrailRead,
} from './trail-event.ts'

/**
 * One line of the trail. `seq` counts from 0 without a hole in a chain. `hash` is the last member of the line: base64url of
 * SHA-256 over the hash before (32 bytes; at the beginning SHA-256 of the chain's name) and the exact bytes of the line up to
 * `,"hash"`. What the bytes say after that is no part of the promise: nothing is made canonical.
 */
export type AuditRecord = AuditEvent & {
  readonly v: 1
  readonly seq: number
  readonly hash: string
}

/** What a record says; the trail adds `v`, `seq` and `hash`. */
export type AuditEvent =
  | CallDecided
  | CallCompleted
  | ListServed
  | AuthRefused
  | ConfigChanged
  | CatalogChanged
  | KeyChanged
  | UserChanged
  | GrantChanged
  | SandboxMade
  | OverloadBegan
  | OverloadEnded
  | LifecycleStarted
  | LifecycleStopped
  | SubjectIntroduced
  | SubjectErased
  | SubjectHeld
  | HoldChanged
  | Checkpoint
  | Retention
  | Gap
  | SinkFailed
  | TrailRead

/** The names of the events. */
export type AuditEventName = AuditEvent['event']

/** How much of arguments and results is recorded, from nothing to all of it, sealed. */
export type AuditLevel = 'none' | 'metadata' | 'digest' | 'full'

/** What is recorded of arguments or of a result. */
export interface Payload {
  /** UTF-8 bytes of its JSON, before anything was masked. */
  readonly bytes: number
  /** From level `digest` on: base64url of HMAC-SHA-256 over its JSON, after masking, under the key of the subject. */
  readonly digest?: string
  /** Level `full`: its JSON, after masking, under AES-256-GCM with the key of the subject: base64url of nonce, text and tag. */
  readonly sealed?: string
}

/** What was decided and why, as records have it and `toolgate explain` says it. */
export interface DecisionFields {
  readonly decision: 'permit' | 'deny'
  /** The rule that decided: `role reader: allow name date_*`; the code of the refusal where no rule was reached. */
  readonly rule: string
  /** Hash of the roles under which it was decided. */
  readonly policy: string
  readonly scopesNeeded?: readonly string[]
  /** Of the scopes needed those that no role of the caller grants, or its credential is not given. */
  readonly missing?: readonly string[]
  /** Why it was denied: `hidden`, as if it did not exist; `scope`, by its roles; `credential`, by its token or key; `rule`, by arguments. */
  readonly reason?: 'hidden' | 'scope' | 'credential' | 'rule'
}

/** What both records of a call have. Names that a client chose are cut to 512 characters. */
export interface CallFields extends DecisionFields {
  /** When the call began; ISO 8601, UTC. */
  readonly time: string
  readonly callId: string
  /** Pseudonym of the principal: `s_` and 22 letters. Who that is stands in `subject.introduced`. */
  readonly subject: string
  /**
   * With which of its API keys the principal came: 22 letters of the HMAC of the key's id under the key of the subject, so that
   * an erasure makes it mean nothing, too.
   */
  readonly credential?: string
  readonly tenant?: string
  readonly roles: readonly string[]
  readonly kind: string
  /** The JSON-RPC method. */
  readonly method: string
  /** Tool or prompt name, resource URI. */
  readonly name: string
  readonly connector?: string
  /** Hash of the definition that was called, so that a changed tool is told from the one before. */
  readonly definition?: string
  readonly transport: string
  readonly era: string
  /** What the client says of itself; nobody has checked it. */
  readonly clientInfo?: { readonly name: string; readonly version: string }
  readonly traceId?: string
  /** A digest, never the session id itself. */
  readonly sessionId?: string
  readonly taskId?: string
  readonly input?: Payload
}

/** Every guard let the call pass; its handler runs when this is durable (`audit.mode: strict`). */
export interface CallDecided extends CallFields {
  readonly event: 'call.decided'
}

/** How a call ended. One that a guard refused has this record alone, with `decision: deny` or the code of the refusal. */
export interface CallCompleted extends CallFields {
  readonly event: 'call.completed'
  readonly status: CallStatus
  readonly code?: string
  /** Milliseconds from the request to the answer, and those that the handler took of them. */
  readonly durationMs: number
  readonly runMs?: number
  readonly output?: Payload
  /** The call whose answer this one was given; it was not executed itself. */
  readonly replayOf?: string
  /** Which rules masked something on its way into the trail, and how often. */
  readonly masked?: readonly { readonly rule: string; readonly count: number }[]
  /** The arguments or the result were too long to be sealed whole; the digest covers all of them. */
  readonly truncated?: true
}

export type CallStatus = 'ok' | 'error' | 'denied' | 'input_required' | 'cancelled'

/** What a subject was shown. */
export interface ListServed {
  readonly event: 'list.served'
  readonly time: string
  readonly subject: string
  readonly method: string
  readonly count: number
  /** Base64url of SHA-256 over the names, each followed by a line feed, in the order in which they were listed. */
  readonly digest: string
  /** The names; left out where this process recorded the same list within the last hour. */
  readonly names?: readonly string[]
  readonly policy: string
}

/** Somebody was not let in. Beyond the first few from an address in a minute, one record stands for the rest of it. */
export interface AuthRefused {
  readonly event: 'auth.refused'
  readonly time: string
  readonly reason: string
  readonly address: string
  /** How many refusals it stands for. */
  readonly count: number
}

/** The configuration is another one. Hashes alone: a configuration can hold secrets. */
export interface ConfigChanged {
  readonly event: 'config.changed'
  readonly time: string
  readonly before?: string
  readonly after: string
}

/** What is offered has changed. */
export interface CatalogChanged {
  readonly event: 'catalog.changed'
  readonly time: string
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** A masked sample of databases was copied. On disk before the copy takes its place. */
export interface SandboxMade {
  readonly event: 'sandbox.made'
  readonly time: string
  /** The user of the operating system who did it. */
  readonly by: string
  /** Rows that were copied, by connector. */
  readonly rows: Readonly<Record<string, number>>
}

/** From now on calls over HTTP are refused before they are read, so that they leave no record of their own. */
export interface OverloadBegan {
  readonly event: 'overload.began'
  readonly time: string
  /** Milliseconds that calls took from request to answer. */
  readonly delayMs: number
  readonly callsInFlight: number
}

/** Every call leaves records again. */
export interface OverloadEnded {
  readonly event: 'overload.ended'
  readonly time: string
  /** Calls that were refused meanwhile, with `OVERLOADED`. */
  readonly refused: number
  readonly durationMs: number
}

/** A process began to write the chain. */
export interface LifecycleStarted {
  readonly event: 'lifecycle.started'
  readonly time: string
  /** Of Toolgate. */
  readonly version: string
  /** Hash of the configuration. */
  readonly config: string
  readonly mode: 'strict' | 'best-effort'
  readonly pid: number
}

/** It ended in good order. The checkpoint after it closes the chain until somebody goes on with it. */
export interface LifecycleStopped {
  readonly event: 'lifecycle.stopped'
  readonly time: string
}
