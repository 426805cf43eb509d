import type { AuditTrail } from '../audit/audit-trail.ts'

/** Whether this process should be sent requests. */
export class Readiness {
  readonly #audit: AuditTrail
  #isDraining = false

  constructor(audit: AuditTrail) {
    this.#audit = audit
  }

  /** False once the process is to end, and while calls are refused because they could not be recorded. */
  get isReady(): boolean {
    return !this.#isDraining && this.#audit.isWritable
  }

  /** From now on it is not ready, for good. */
  setDraining(): void {
    this.#isDraining = true
  }
}
