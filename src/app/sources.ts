import { isDeepStrictEqual } from 'node:util'
import type { Catalog } from '../capabilities/catalog.ts'
import type { ConnectorOptions } from '../config/config.ts'
import type { Connector, Offered } from '../connectors/connector.ts'
import type { Observer } from '../observe/observation.ts'
import { compileCatalog } from './compile-catalog.ts'
import { createConnector } from './connector-registry.ts'
import { type Pauses, realPauses, retryConnecting } from './retry-connecting.ts'
import {
  closeAll,
  failTogether,
  isRequired,
  newSource,
  type PreparedSources,
  readSource,
  type Source,
  type SourceListeners,
  type SourceState,
} from './source.ts'

interface Retry {
  readonly ending: AbortController
  readonly ended: Promise<void>
}

/** How often a source is read again that changed while it was read. */
const READS = 3

/** The connectors, and what each offered last. */
export class Sources {
  readonly #observe: Observer
  readonly #pauses: Pauses
  readonly #stops = new Map<Connector, readonly (() => void)[]>()
  /** Announced while nobody could take it over: before it is served, and while a configuration is prepared. */
  readonly #announced = new Map<Connector, readonly Offered[]>()
  readonly #retries = new Map<Connector, Retry>()
  #preparing = 0
  #listeners: SourceListeners | undefined
  #sources: readonly Source[]

  constructor(madeInCode: readonly Connector[], observe: Observer, pauses: Pauses = realPauses) {
    this.#observe = observe
    this.#pauses = pauses
    this.#sources = madeInCode.map((connector) => newSource(connector))
  }

  /**
   * Reads the sources of a configuration: a connector whose options are the same stays and reads again what can change,
   * the others are connected at once. Every failure of one that is required is told, not just the first; then nothing has changed.
   */
  async prepare(wanted: readonly ConnectorOptions[], known?: Catalog): Promise<PreparedSources> {
    this.#preparing += 1
    let fresh: readonly Connector[] = []
    try {
      const candidates = await this.#candidates(wanted)
      fresh = candidates.filter(({ isConnected }) => !isConnected).map(({ connector }) => connector)
      for (const connector of fresh) this.#listenTo(connector)
      const sources = await this.#readAll(candidates)
      const catalog = compileCatalog(offersOf(sources), known)
      const isPartial = sources.some(({ isConnected }) => !isConnected)
      return { catalog, isPartial, commit: () => this.#commit(sources), discard: () => this.#discard(fresh) }
    } catch (thrown) {
      await this.#discard(fresh)
      throw thrown
    }
  }

  /** Tells the listeners, from now on, of what connectors announce by themselves, and tries those again that are missing. */
  listen(listeners: SourceListeners): void {
    this.#listeners = listeners
    this.#catchUp()
    this.#retryMissing()
  }

  states(): readonly SourceState[] {
    return this.#sources.map((source) => ({
      name: source.connector.name,
      required: isRequired(source),
      isConnected: source.isConnected,
    }))
  }

  watched(): readonly string[] {
    return this.#sources.flatMap(({ connector }) => connector.watched?.() ?? [])
  }

  async close(): Promise<void> {
    const retries = [...this.#retries.values()]
    for (const { ending } of retries) ending.abort(new Error('The app is closed.'))
    const connectors = this.#sources.map(({ connector }) => connector)
    for (const connector of connectors) this.#stopListening(connector)
    await closeAll(connectors)
    await Promise.all(retries.map(({ ended }) => ended))
  }

  /** Those made in code come last, as they always have. */
  async #candidates(wanted: readonly ConnectorOptions[]): Promise<readonly Source[]> {
    const configured = await Promise.all(
      wanted.map(async (options) => this.#same(options) ?? newSource(await createConnector(options), options)),
    )
    return [...configured, ...this.#sources.filter(({ options }) => options === undefined)]
  }

  /** Whether it is required says nothing of how it is connected. */
  #same(wanted: ConnectorOptions): Source | undefined {
    const found = this.#sources.find(
      ({ options, isConnected }) =>
        isConnected && options !== undefined && isDeepStrictEqual({ ...options, required: wanted.required }, wanted),
    )
    return found && { ...found, options: wanted }
  }

  async #readAll(candidates: readonly Source[]): Promise<readonly Source[]> {
    const settled = await Promise.allSettled(candidates.map((source) => this.#read(source)))
    const failures = settled.filter((result) => result.status === 'rejected').map(({ reason }) => reason)
    if (failures.length > 0) throw failTogether(failures)
    return settled.map((result) => (result as PromiseFulfilledResult<Source>).value)
  }

  async #read(source: Source): Promise<Source> {
    try {
      return await this.#readUntilQuiet(source)
    } catch (cause) {
      if (isRequired(source)) throw cause
      const { name } = source.connector
      const message = source.isConnected
        ? `Connector ${name} could not be read again; what it offered before stays.`
        : `Connector ${name} could not connect; the rest is served without it, and it is tried again.`
      this.#observe({ type: 'fault', message, cause })
      return source
    }
  }

  /** What is announced while it is read may be newer than what was read, or older, so it is read once more. */
  async #readUntilQuiet(source: Source): Promise<Source> {
    let read = source
    for (let reads = 1; ; reads += 1) {
      this.#announced.delete(source.connector)
      read = await readSource(read)
      const isQuiet = !this.#announced.has(source.connector)
      if (isQuiet || reads === READS || source.connector.reload === undefined) return read
    }
  }

  #commit(next: readonly Source[]): () => Promise<void> {
    const before = this.#sources
    this.#sources = next
    this.#preparing -= 1
    const isKept = ({ connector }: Source): boolean => next.some((source) => source.connector === connector)
    const retired = before.filter((source) => !isKept(source)).map(({ connector }) => connector)
    for (const connector of retired) this.#forget(connector)
    if (this.#listeners !== undefined) {
      this.#catchUp()
      this.#retryMissing()
    }
    return () => closeAll(retired)
  }

  #discard(fresh: readonly Connector[]): Promise<void> {
    this.#preparing -= 1
    for (const { connector } of this.#sources) this.#announced.delete(connector)
    for (const connector of fresh) this.#forget(connector)
    return closeAll(fresh)
  }

  #forget(connector: Connector): void {
    this.#stopListening(connector)
    this.#retries.get(connector)?.ending.abort(new Error('The connector is used no more.'))
    this.#retries.delete(connector)
  }

  #retryMissing(): void {
    for (const source of this.#sources) {
      if (source.isConnected || this.#retries.has(source.connector)) continue
      const ending = new AbortController()
      this.#retries.set(source.connector, { ending, ended: this.#retry(source, ending.signal) })
    }
  }

  async #retry(missing: Source, signal: AbortSignal): Promise<void> {
    const { name } = missing.connector
    // A connector connects once, so the one that failed is let go of and each try has its own.
    await closeAll([missing.connector])
    let told: string | undefined
    const attempt = async (): Promise<boolean> => {
      try {
        return await this.#tryAgain(missing, signal)
      } catch (cause) {
        const reason = String(cause)
        if (reason !== told && !signal.aborted) {
          this.#observe({ type: 'fault', message: `Connector ${name} still cannot be served.`, cause })
        }
        told = reason
        return false
      }
    }
    const tries = await retryConnecting(attempt, signal, this.#pauses)
    if (signal.aborted) return
    this.#retries.delete(missing.connector)
    this.#observe({ type: 'connector.connected', message: `Connector ${name} is served now.`, details: { tries } })
  }

  /** Connects beside everything else; only taking it over waits for its turn. */
  async #tryAgain(missing: Source, signal: AbortSignal): Promise<boolean> {
    if (missing.options === undefined) return true
    const fresh = newSource(await createConnector(missing.options), missing.options)
    this.#listenTo(fresh.connector)
    try {
      const found = await readSource(fresh, signal)
      await this.#listeners?.inTurn(async () => {
        signal.throwIfAborted()
        const sources = this.#sources.map((source) => (source.connector === missing.connector ? found : source))
        this.#serve(sources)
        this.#catchUp()
      })
      return true
    } catch (thrown) {
      await this.#stopAndClose(fresh.connector)
      throw thrown
    }
  }

  #stopAndClose(connector: Connector): Promise<void> {
    this.#stopListening(connector)
    return closeAll([connector])
  }

  #listenTo(connector: Connector): void {
    if (this.#stops.has(connector)) return
    const stops = [
      connector.onChange?.((offered) => this.#hear(connector, offered)),
      connector.onFault?.(({ message, hint = '', cause }) => {
        this.#observe({ type: 'fault', message: `Connector ${connector.name}: ${message} ${hint}`.trimEnd(), cause })
      }),
      connector.onResourceUpdated?.((uri) => this.#listeners?.resourceUpdated(uri)),
    ]
    this.#stops.set(
      connector,
      stops.filter((stop) => stop !== undefined),
    )
  }

  #stopListening(connector: Connector): void {
    for (const stop of this.#stops.get(connector) ?? []) stop()
    this.#stops.delete(connector)
    this.#announced.delete(connector)
  }

  /** What is served takes a change over at once, and what is being prepared takes it over, too. */
  #hear(connector: Connector, offered: readonly Offered[]): void {
    const isServed = this.#listeners !== undefined && this.#sources.some((source) => source.connector === connector)
    if (!isServed || this.#preparing > 0) this.#announced.set(connector, offered)
    if (isServed) this.#takeChange(connector, offered)
  }

  /** Takes over what was announced by what is served now. */
  #catchUp(): void {
    for (const { connector } of this.#sources) {
      const offered = this.#announced.get(connector)
      this.#announced.delete(connector)
      if (offered !== undefined) this.#takeChange(connector, offered)
    }
  }

  /** A change that does not compile is observed, and what was offered before stays. */
  #takeChange(connector: Connector, offered: readonly Offered[]): void {
    try {
      this.#serve(this.#sources.map((source) => (source.connector === connector ? { ...source, offered } : source)))
    } catch (cause) {
      const message = `A change of connector ${connector.name} was not taken over.`
      this.#observe({ type: 'fault', message, cause })
    }
  }

  #serve(sources: readonly Source[]): void {
    const catalog = compileCatalog(offersOf(sources), this.#listeners?.current())
    this.#sources = sources
    this.#listeners?.use(catalog)
  }
}

function offersOf(sources: readonly Source[]): ReadonlyMap<string, readonly Offered[]> {
  return new Map(sources.map(({ connector, offered }) => [connector.name, offered]))
}
