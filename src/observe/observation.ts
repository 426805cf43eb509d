/** What happened, as plain data. One stream of these feeds the log (and metrics and traces). */
export type Observation =
  | {
      readonly type: 'call.ended'
      readonly callId: string
      /** Of the caller's trace: 32 hex digits. */
      readonly traceId?: string
      readonly kind: string
      /** `tools/call`, `resources/read`, … */
      readonly method: string
      readonly name: string
      /** What the catalog has under that name; absent when it has nothing. It may be hidden from the caller. */
      readonly capability?: string
      /** What the policy said; absent when the call did not get that far. */
      readonly decision?: 'permit' | 'deny'
      /** Name of the verified principal. */
      readonly client: string
      /** Of the verified principal. */
      readonly tenant?: string
      readonly transport: string
      /** Of the protocol: `legacy` or `modern`. */
      readonly era: string
      readonly status: 'ok' | 'error' | 'denied' | 'input_required' | 'cancelled'
      readonly code?: string
      readonly durationMs: number
      /** The cause of an unexpected failure; for the log alone. */
      readonly cause?: unknown
    }
  | {
      /** A request that was not a call, or was refused before it became one. */
      readonly type: 'request.ended'
      /** Absent when there is no such method. */
      readonly method?: string
      readonly transport: string
      readonly era: string
      readonly code?: string
      readonly durationMs: number
    }
  | {
      /** A session of a revision before 2026-07-28 that this process serves no more. */
      readonly type: 'session.ended'
      /** Of the protocol, as agreed on. */
      readonly version: string
      readonly transport: string
      readonly durationMs: number
    }
  | { readonly type: 'auth.refused'; readonly reason: string; readonly address: string; readonly code?: string }
  | {
      /** A local user was changed, by an administrator or by its owner. */
      readonly type: 'user.changed'
      readonly change: UserChange
      readonly userId: string
      readonly roles: readonly string[]
    }
  | {
      /** A user let a client act in its name, or that was taken back. */
      readonly type: 'grant.changed'
      readonly change: 'given' | 'revoked'
      readonly userId?: string
      readonly clientId?: string
      readonly scopes?: readonly string[]
    }
  | { readonly type: 'server.started'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'server.stopped'; readonly message: string }
  | { readonly type: 'catalog.changed'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'connector.connected'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'config.refused'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'config.changed'; readonly message: string; readonly details?: Record<string, unknown> }
  | {
      readonly type: 'breaker.changed'
      readonly message: string
      readonly connector: string
      readonly from: 'closed' | 'open' | 'half-open'
      readonly to: 'closed' | 'open' | 'half-open'
    }
  | {
      /** A call that was kept waiting for a place does not wait any more. */
      readonly type: 'call.waited'
      readonly outcome: 'admitted' | 'refused' | 'cancelled'
      readonly waitedMs: number
    }
  | {
      readonly type: 'overload.began'
      readonly message: string
      readonly details: { readonly delayMs: number; readonly callsInFlight: number }
    }
  | {
      readonly type: 'overload.ended'
      readonly message: string
      readonly details: { readonly refused: number; readonly durationMs: number }
    }
  | { readonly type: 'tls.reloaded'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'tls.refused'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'sink.failed'; readonly message: string; readonly cause?: unknown }
  | { readonly type: 'trail.shortened'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'sink.recovered'; readonly message: string; readonly details?: Record<string, unknown> }
  | { readonly type: 'fault'; readonly message: string; readonly cause?: unknown }
  | { readonly type: 'warning'; readonly message: string; readonly details?: Record<string, unknown> }

/** What happened to a local user. */
export type UserChange =
  | 'invited'
  | 'password-set'
  | 'password-changed'
  | 'locked'
  | 'unlocked'
  | 'roles-changed'
  | 'removed'

/** Takes observations in; must not throw and must not block. */
export type Observer = (observation: Observation) => void
