import type { Form, Target } from '../load/mcp-request.ts'

/** How a subject's process is started: `node ...args`. */
export interface Launch {
  readonly args: readonly string[]
  readonly directory: string
  readonly env?: Readonly<Record<string, string>>
  /** The file that takes its stderr; without one the bench reads it. */
  readonly logTo?: string
}

/** A subject made ready to be started and asked. */
export interface Prepared {
  readonly launch: Launch
  readonly target: Target
}

export interface PrepareOptions {
  readonly tools: number
  readonly port: number
  /** An empty folder of its own, removed after the run. */
  readonly directory: string
}

/** Something that is measured. */
export interface Subject {
  readonly name: string
  /** The package whose version the table names; absent for what is no package. */
  readonly packageName?: string
  /** Whether that package is one of the bench's own (`bench/peers`), not of the repository. */
  readonly isPeer: boolean
  readonly form: Form
  /** How it is put on HTTP, for the table. */
  readonly servedBy: string
  prepare(options: PrepareOptions): Promise<Prepared>
}
