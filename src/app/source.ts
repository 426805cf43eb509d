import type { Catalog } from '../capabilities/catalog.ts'
import type { ConnectorOptions } from '../config/config.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'

/** A connector and what it offered last. */
export interface Source {
  readonly connector: Connector
  /** `undefined` for one that was made in code; a new configuration leaves it alone. */
  readonly options: ConnectorOptions | undefined
  readonly offered: readonly Offered[]
  readonly isConnected: boolean
}

/** Who is told of what connectors announce by themselves. */
export interface SourceListeners {
  /** What is offered now; a change is compiled on top of it. */
  current(): Catalog
  /** Takes a catalog over. */
  use(catalog: Catalog): void
  resourceUpdated(uri: string): void
  /** Does something when no new configuration is being taken over. */
  inTurn(change: () => Promise<void>): Promise<void>
}

/** A catalog that could take the place of the one that is served. Exactly one of the two has to be called. */
export interface PreparedSources {
  readonly catalog: Catalog
  /** Whether connectors that may be missing are: then what they would offer is not in the catalog. */
  readonly isPartial: boolean
  /**
   * Takes the sources over, once the catalog is served; what was announced meanwhile is then served on top of it. Returns how to
   * close those that are used no more, once no call is under way in them.
   */
  commit(): () => Promise<void>
  /** Closes what was opened for it. */
  discard(): Promise<void>
}

/** How a connector stands. */
export interface SourceState {
  readonly name: string
  readonly required: boolean
  readonly isConnected: boolean
}

/** Milliseconds a connector may take to connect; one that the rest can do without must not hold the rest up for as long. */
const CONNECT_MS = 60_000
const OPTIONAL_CONNECT_MS = 10_000

/** A source that offers nothing yet. */
export function newSource(connector: Connector, options?: ConnectorOptions): Source {
  return { connector, options, offered: [], isConnected: false }
}

/** Whether nothing is served without it; what is made in code always is. */
export function isRequired({ options }: Source): boolean {
  return options?.required ?? true
}

/** Connects it, or reads again what can have changed. */
export async function readSource(source: Source, ending?: AbortSignal): Promise<Source> {
  const { connector, isConnected, offered } = source
  const timeout = AbortSignal.timeout(isRequired(source) ? CONNECT_MS : OPTIONAL_CONNECT_MS)
  const signal = ending === undefined ? timeout : AbortSignal.any([timeout, ending])
  if (!isConnected) return { ...source, offered: await connector.connect(signal), isConnected: true }
  return { ...source, offered: connector.reload === undefined ? offered : await connector.reload(signal) }
}

/** Closes all of them, whatever one of them throws. */
export async function closeAll(connectors: readonly Connector[]): Promise<void> {
  await Promise.allSettled(connectors.map((connector) => connector.close()))
}

/** All failures as one. What a connector throws is for the operator, so it is told as it is. */
export function failTogether(reasons: readonly unknown[]): ToolgateError {
  const failures = reasons.map(toConnectorError)
  const [first] = failures as [ToolgateError]
  if (failures.length === 1) return first
  const message = failures.map((failure) => [failure.message, failure.hint].filter(Boolean).join(' ')).join('\n')
  return new ToolgateError({ code: first.code, message, cause: first })
}

function toConnectorError(reason: unknown): ToolgateError {
  if (reason instanceof ToolgateError) return reason
  const message = reason instanceof Error ? reason.message : String(reason)
  return new ToolgateError({ code: 'CONNECTOR_FAILED', message, cause: toToolgateError(reason) })
}
