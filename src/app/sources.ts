import { isDeepStrictEqual } from 'node:util'
import type { Catalog } from '../capabilities/catalog.ts'
import type { ConnectorOptions } from '../config/config.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import { ToolgateError, toToolgateError } from '../errors.ts'
import type { Observer } from '../observe/observation.ts'
import { compileCatalog } from './compile-catalog.ts'
import { createConnector } from './connector-registry.ts'

/** Milliseconds a connector may take to connect. */
const CONNECT_MS = 60_000

/** Who is told of what connectors announce by themselves. */
export interface SourceListeners {
  /** What is offered now; a change is compiled on top of it. */
  current(): Catalog
  /** Takes a catalog over. */
  use(catalog: Catalog): void
  resourceUpdated(uri: string): void
}

/** A connector that is in use, what it offered last, and how to stop listening to it. */
interface Source {
  readonly connector: Connector
  /** `undefined` for one that was made in code; a new configuration leaves it alone. */
  readonly options: ConnectorOptions | undefined
  readonly offered: readonly Offered[]
  readonly isConnected: boolean
}

/** A catalog that could take the place of the one that is served. Exactly one of the two has to be called. */
export interface PreparedSources {
  readonly catalog: Catalog
  /** Takes the sources over. Returns how to close those that are used no more, once no call is under way in them. */
  commit(): () => Promise<void>
  /** Closes what was opened for it. */
  discard(): Promise<void>
}

/** The connectors, and what each offered last. */
export class Sources {
  readonly #observe: Observer
  readonly #stops = new Map<Connector, readonly (() => void)[]>()
  #listeners: SourceListeners | undefined
  #sources: readonly Source[]

  constructor(madeInCode: readonly Connector[], observe: Observer) {
    this.#observe = observe
    this.#sources = madeInCode.map((connector) => ({
      connector,
      options: undefined,
      offered: [],
      isConnected: false,
    }))
  }

  /**
   * Reads the sources of a configuration: a connector whose options are the same stays and reads again what can change,
   * the others are connected at once. Every failure is told, not just the first; then nothing has changed.
   */
  async prepare(wanted: readonly ConnectorOptions[], known?: Catalog): Promise<PreparedSources> {
    const candidates = await this.#candidates(wanted)
    const fresh = candidates.filter(({ connector }) => !this.#holds(connector)).map(({ connector }) => connector)
    try {
      const sources = await readAll(candidates)
      const catalog = compileCatalog(offersOf(sources), known)
      return { catalog, commit: () => this.#commit(sources), discard: () => closeAll(fresh) }
    } catch (thrown) {
      await closeAll(fresh)
      throw thrown
    }
  }

  /** Tells the listeners, from now on, of what connectors announce by themselves. */
  listen(listeners: SourceListeners): void {
    this.#listeners = listeners
    for (const { connector } of this.#sources) this.#listenTo(connector)
  }

  watched(): readonly string[] {
    return this.#sources.flatMap(({ connector }) => connector.watched?.() ?? [])
  }

  async close(): Promise<void> {
    const connectors = this.#sources.map(({ connector }) => connector)
    for (const connector of connectors) this.#stopListening(connector)
    await closeAll(connectors)
  }

  #holds(connector: Connector): boolean {
    return this.#sources.some((source) => source.connector === connector && source.isConnected)
  }

  /** Those made in code come last, as they always have. */
  async #candidates(wanted: readonly ConnectorOptions[]): Promise<readonly Source[]> {
    const configured = await Promise.all(
      wanted.map(async (options) => this.#same(options) ?? newSource(await createConnector(options), options)),
    )
    return [...configured, ...this.#sources.filter(({ options }) => options === undefined)]
  }

  #same(wanted: ConnectorOptions): Source | undefined {
    return this.#sources.find(({ options }) => options !== undefined && isDeepStrictEqual(options, wanted))
  }

  #commit(next: readonly Source[]): () => Promise<void> {
    const before = this.#sources
    this.#sources = next
    const isKept = ({ connector }: Source): boolean => next.some((source) => source.connector === connector)
    const retired = before.filter((source) => !isKept(source)).map(({ connector }) => connector)
    for (const connector of retired) this.#stopListening(connector)
    for (const { connector } of next) this.#listenTo(connector)
    return () => closeAll(retired)
  }

  #listenTo(connector: Connector): void {
    const listeners = this.#listeners
    if (listeners === undefined || this.#stops.has(connector)) return
    const stops = [
      connector.onChange?.((offered) => this.#takeChange(connector, offered, listeners)),
      connector.onFault?.(({ message, cause }) => {
        this.#observe({ type: 'fault', message: `Connector ${connector.name}: ${message}`, cause })
      }),
      connector.onResourceUpdated?.((uri) => listeners.resourceUpdated(uri)),
    ]
    this.#stops.set(
      connector,
      stops.filter((stop) => stop !== undefined),
    )
  }

  #stopListening(connector: Connector): void {
    for (const stop of this.#stops.get(connector) ?? []) stop()
    this.#stops.delete(connector)
  }

  /** A change that does not compile is observed, and what was offered before stays. */
  #takeChange(connector: Connector, offered: readonly Offered[], { current, use }: SourceListeners): void {
    try {
      const sources = this.#sources.map((source) => (source.connector === connector ? { ...source, offered } : source))
      const catalog = compileCatalog(offersOf(sources), current())
      this.#sources = sources
      use(catalog)
    } catch (cause) {
      const message = `A change of connector ${connector.name} was not taken over.`
      this.#observe({ type: 'fault', message, cause })
    }
  }
}

function newSource(connector: Connector, options: ConnectorOptions): Source {
  return { connector, options, offered: [], isConnected: false }
}

function offersOf(sources: readonly Source[]): ReadonlyMap<string, readonly Offered[]> {
  return new Map(sources.map(({ connector, offered }) => [connector.name, offered]))
}

async function readAll(sources: readonly Source[]): Promise<readonly Source[]> {
  const settled = await Promise.allSettled(sources.map(read))
  const failures = settled
    .filter((result) => result.status === 'rejected')
    .map(({ reason }) => toConnectorError(reason))
  if (failures.length > 0) throw together(failures)
  return settled.map((result) => (result as PromiseFulfilledResult<Source>).value)
}

async function read(source: Source): Promise<Source> {
  const { connector, isConnected, offered } = source
  const signal = AbortSignal.timeout(CONNECT_MS)
  if (!isConnected) return { ...source, offered: await connector.connect(signal), isConnected: true }
  return { ...source, offered: connector.reload === undefined ? offered : await connector.reload(signal) }
}

async function closeAll(connectors: readonly Connector[]): Promise<void> {
  await Promise.allSettled(connectors.map((connector) => connector.close()))
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
