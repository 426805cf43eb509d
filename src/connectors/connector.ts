import type { Definition } from '../capabilities/definition.ts'
import type { ToolgateError } from '../errors.ts'

/** A definition with the place it came from, for messages about it: `tools/date.ts`, `crm.yaml`. */
export interface Offered {
  readonly definition: Definition
  readonly source: string
}

/**
 * Turns one source into capabilities. Life: options parsed → created (no I/O) → connected → serving, may announce
 * changes → closed. `connectorSuite` in toolgate/testkit is the contract as tests.
 */
export interface Connector {
  /** The name it has in the configuration. */
  readonly name: string
  /**
   * Reads the source and answers all that it offers.
   * Rejects with `ToolgateError` `CONNECTOR_FAILED` (or `DEFINITION_INVALID`) saying what to do. Called once.
   */
  connect(signal: AbortSignal): Promise<readonly Offered[]>
  /**
   * Reads the source again after it changed. A failure leaves what is served untouched.
   * Absent where the source cannot change while running.
   */
  reload?(signal: AbortSignal): Promise<readonly Offered[]>
  /** Files or folders whose change means that `reload` should be called (the `dev` command watches them). */
  watched?(): readonly string[]
  /** Calls back with everything on offer whenever the source changes by itself. Returns how to stop listening. */
  onChange?(listener: (offered: readonly Offered[]) => void): () => void
  /** Calls back with the URI of a resource whose content changed. Returns how to stop listening. */
  onResourceUpdated?(listener: (uri: string) => void): () => void
  /** Calls back with what went wrong outside of any call, for the log. Returns how to stop listening. */
  onFault?(listener: (fault: ToolgateError) => void): () => void
  /** Lets go of everything. Idempotent; also after a failed `connect`. */
  close(): Promise<void>
}
