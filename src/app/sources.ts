import type { Catalog } from '../capabilities/catalog.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'
import type { Observer } from '../observe/observation.ts'
import { compileCatalog } from './compile-catalog.ts'

/** Milliseconds a connector may take to connect. */
const CONNECT_MS = 60_000

/** The connectors, and what each offered last. */
export class Sources {
  readonly #connectors: readonly Connector[]
  readonly #observe: Observer
  readonly #stops: (() => void)[] = []
  #offers: ReadonlyMap<string, readonly Offered[]> = new Map()

  constructor(connectors: readonly Connector[], observe: Observer) {
    this.#connectors = connectors
    this.#observe = observe
  }

  /** Connects all at once. Every failure is told, not just the first. */
  async connect(): Promise<Catalog> {
    this.#offers = await this.#gather((connector) => connector.connect(AbortSignal.timeout(CONNECT_MS)))
    return compileCatalog(this.#offers)
  }

  /** Reads again what can change. Rejects when anything fails; then what was offered before stays. */
  async reload(known: Catalog): Promise<Catalog> {
    const offers = await this.#gather(async (connector) =>
      connector.reload === undefined
        ? (this.#offers.get(connector.name) ?? [])
        : connector.reload(AbortSignal.timeout(CONNECT_MS)),
    )
    const catalog = compileCatalog(offers, known)
    this.#offers = offers
    return catalog
  }

  /** Calls back with a catalog whenever a connector announces a change that compiles; one that does not is observed. */
  onChange(current: () => Catalog, use: (catalog: Catalog) => void): void {
    for (const connector of this.#connectors) {
      const stop = connector.onChange?.((offered) => {
        try {
          const offers = new Map(this.#offers).set(connector.name, offered)
          const catalog = compileCatalog(offers, current())
          this.#offers = offers
          use(catalog)
        } catch (cause) {
          this.#observe({
            type: 'fault',
            message: `A change of connector ${connector.name} was not taken over.`,
            cause,
          })
        }
      })
      if (stop !== undefined) this.#stops.push(stop)
    }
  }

  /** Tells the observer of what goes wrong in a connector beside the calls. */
  observeFaults(): void {
    for (const connector of this.#connectors) {
      const stop = connector.onFault?.(({ message, cause }) => {
        this.#observe({ type: 'fault', message: `Connector ${connector.name}: ${message}`, cause })
      })
      if (stop !== undefined) this.#stops.push(stop)
    }
  }

  /** Calls back whenever a connector says that the content of a resource changed. */
  onResourceUpdated(listener: (uri: string) => void): void {
    for (const connector of this.#connectors) {
      const stop = connector.onResourceUpdated?.(listener)
      if (stop !== undefined) this.#stops.push(stop)
    }
  }

  watched(): readonly string[] {
    return this.#connectors.flatMap((connector) => connector.watched?.() ?? [])
  }

  async close(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
    await Promise.allSettled(this.#connectors.map((connector) => connector.close()))
  }

  async #gather(
    offer: (connector: Connector) => Promise<readonly Offered[]>,
  ): Promise<ReadonlyMap<string, readonly Offered[]>> {
    const settled = await Promise.allSettled(this.#connectors.map(offer))
    const failures = settled
      .filter((result) => result.status === 'rejected')
      .map(({ reason }) => toConnectorError(reason))
    if (failures.length > 0) throw together(failures)
    return new Map(
      settled.map((result, index) => [
        (this.#connectors[index] as Connector).name,
        result.status === 'fulfilled' ? result.value : [],
      ]),
    )
  }
}

/** What a connector throws is for the operator, so it is told as it is. */
function toConnectorError(reason: unknown): ToolgateError {
  if (reason instanceof ToolgateError) return reason
  const message = reason instanceof Error ? reason.message : String(reason)
  return new ToolgateError({ code: 'CONNECTOR_FAILED', message, cause: toToolgateError(reason) })
}

function together(failures: readonly ToolgateError[]): ToolgateError {
  const [first] = failures as [ToolgateError]
  if (failures.length === 1) return first
  const message = failures.map((failure) => [failure.message, failure.hint].filter(Boolean).join(' ')).join('\n')
  return new ToolgateError({ code: first.code, message, cause: first })
}
