/** One line of the trail. Every call has exactly one, allowed or denied. Payloads are not recorded. */
export interface AuditRecord {
  /** ISO 8601, UTC. */
  readonly time: string
  readonly callId: string
  /** Of the trace that the caller says the call belongs to; 32 hex digits. */
  readonly traceId?: string
  readonly principal: string
  readonly principalName: string
  readonly tenant?: string
  readonly roles: readonly string[]
  readonly transport: string
  readonly era: string
  readonly method: string
  readonly name: string
  readonly decision: 'permit' | 'deny'
  /** The rule that decided: `role reader: allow name date_*`. */
  readonly rule: string
  readonly status: 'ok' | 'error' | 'denied' | 'input_required' | 'cancelled'
  readonly code?: string
  readonly durationMs: number
}

/** Where the records go. Append-only. */
export interface AuditTrail {
  /** Whether a record can be written now. When not, nothing is executed (`audit.onFailure: refuse`). */
  readonly isWritable: boolean
  /** Takes a record; writes are batched. Never throws: a failure turns `isWritable` false and is observed. */
  append(record: AuditRecord): void
  /** Resolves when everything appended so far is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}
