import type { AuditTrail } from '../audit/audit-trail.ts'
import type { ConnectorHealth, ReadyState } from '../edge/http/serve-health.ts'
import type { Breakers } from '../pipeline/breakers.ts'
import type { SourceState } from './source.ts'

interface Parts {
  readonly audit: AuditTrail
  readonly sources: { states(): readonly SourceState[] }
  /** Those that calls pass now. */
  readonly breakers: () => Pick<Breakers, 'isOpen'>
}

/** Whether this process should be sent requests. */
export class Readiness implements ReadyState {
  readonly #parts: Parts
  #isDraining = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * False once the process is to end, while calls are refused because they could not be recorded, and while everybody is refused
   * what a required connector offers.
   */
  get isReady(): boolean {
    const isWorking = this.connectors().every(({ required, state }) => !required || state === 'up')
    return !this.#isDraining && this.#parts.audit.isWritable && isWorking
  }

  connectors(): readonly ConnectorHealth[] {
    const breakers = this.#parts.breakers()
    return this.#parts.sources.states().map(({ name, required, isConnected }) => {
      if (!isConnected) return { name, required, state: 'missing' }
      return { name, required, state: breakers.isOpen(name) ? 'failing' : 'up' }
    })
  }

  /** From now on it is not ready, for good. */
  setDraining(): void {
    this.#isDraining = true
  }
}
