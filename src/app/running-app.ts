import { setTimeout } from 'node:timers/promises'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Config } from '../config/config.ts'
import type { Engine } from '../edge/engine.ts'
import type { Callers } from '../edge/http/callers.ts'
import type { HttpEdge } from '../edge/http/serve-http.ts'
import { connectInMemory, type MemoryClient, type MemoryPeer } from '../edge/memory/connect-in-memory.ts'
import { localPrincipal } from '../identity/known-principals.ts'
import type { Principal } from '../identity/principal.ts'
import type { Metrics } from '../observe/metrics/create-metrics.ts'
import type { Observer } from '../observe/observation.ts'
import { type ExplainedCall, type Explanation, explainCall } from '../pipeline/explain-call.ts'
import { compileRules, type Rules } from '../pipeline/rules/compile-rules.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { UsageQuery, UsageSum } from '../usage/read-usage.ts'
import type { Access } from './access.ts'
import type { App, LocalCaller, ReconfigureReport, ReloadReport } from './app.ts'
import { recordConfigChanged, recordStarted, recordStopped } from './audit.ts'
import type { AuditRetention } from './audit-retention.ts'
import type { AuditSinks } from './audit-sinks.ts'
import { announceChanges, announceVisibility, compareCatalogs } from './compare-catalogs.ts'
import { createGuards } from './create-guards.ts'
import type { AppLog } from './create-log.ts'
import { currentAccess } from './current-access.ts'
import { identityOf } from './identity-of.ts'
import { listRestartOptions } from './list-restart-options.ts'
import { listenOn, originOf } from './listen-on.ts'
import type { Entry } from './open-entry.ts'
import { gaugeParts } from './open-metrics.ts'
import { Readiness } from './readiness.ts'
import type { PreparedSources } from './source.ts'
import type { Sources } from './sources.ts'
import type { UsageRecording } from './usage-recording.ts'
import { waitAtMost } from './wait-at-most.ts'

interface Parts extends Entry {
  readonly config: Config
  readonly engine: Engine
  readonly sources: Sources
  readonly storage: Storage
  readonly audit: AuditTrail
  readonly usage: UsageRecording
  readonly log: AppLog
  /** For hashes of personal data. */
  readonly hashKey: Uint8Array
  /** Writes into the trail what is no call. */
  readonly recording: { close(): void }
  readonly sinks: AuditSinks
  readonly retention: AuditRetention
  /** `undefined` where nothing is measured. */
  readonly metrics: Metrics | undefined
}

/** An app as `createApp` makes it. */
export class RunningApp implements App {
  readonly #parts: Parts
  #config: Config
  #access: Access
  #http: HttpEdge | undefined
  #host: string | undefined
  #callers: Callers | undefined
  readonly #readiness: Readiness
  #isServing = false
  #isRecording = false
  #reloading: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    this.#config = parts.config
    this.#access = parts.access
    this.#readiness = new Readiness({ ...parts, breakers: () => parts.engine.guards.breakers })
    if (parts.metrics !== undefined) gaugeParts(parts.metrics, { ...parts, http: () => this.#http })
    parts.sources.listen({
      current: () => this.catalog,
      use: (catalog) => this.#use(catalog),
      resourceUpdated: (uri) => parts.engine.notifier.resourceUpdated(uri),
      inTurn: (change) => this.#inTurn(change),
    })
  }

  get config(): Config {
    return this.#config
  }

  get observe(): Observer {
    return this.#parts.log.observe
  }

  get breakers(): App['breakers'] {
    return this.#parts.engine.guards.breakers
  }

  get catalog(): Catalog {
    return this.#parts.engine.guards.catalog
  }

  async listen(at: { readonly host?: string; readonly port?: number } = {}): Promise<{ url: string; port: number }> {
    const { engine, metrics } = this.#parts
    const { server } = this.#config
    const host = at.host ?? server.host
    this.#access.requireHttp(host)
    const { clock, observe } = engine.guards
    const { openCallers } = await import('../edge/http/callers.ts')
    const callers = openCallers({ options: server, observe, clock })
    this.#callers = callers
    this.#parts.sinks.start('http')
    await this.#startUsage()
    const takeSignIn = await this.#parts.authorization.prepare(this.#config)
    const { createHttpEdge } = await import('../edge/http/serve-http.ts')
    this.#http = createHttpEdge(
      engine,
      currentAccess(() => [this.#access, this.#config], this.#parts.authorization),
      { host, state: this.#readiness, metrics, callers },
    )
    const port = await listenOn(this.#http, host, at.port ?? server.port)
    this.#host = host
    const origin = originOf(server, host, port)
    this.#parts.servedAt.origin = origin
    takeSignIn(origin)
    this.#access = await this.#parts.openAccess(this.#config)
    void this.#access.warmUp()
    const url = origin + server.path
    this.#isServing = true
    this.#recordStarted()
    this.#parts.retention.start()
    engine.guards.observe({ type: 'server.started', message: `Serving ${url}` })
    return { url, port }
  }

  async serveStdio({ as, key }: LocalCaller = {}): Promise<void> {
    const { engine } = this.#parts
    const principal = as ?? this.#access.requireLocal(key)
    this.#parts.sinks.start('stdio')
    await this.#startUsage()
    const { reserveStdout } = await import('../edge/stdio/reserve-stdout.ts')
    const { serveStdio } = await import('../edge/stdio/serve-stdio.ts')
    this.#isServing = true
    this.#recordStarted()
    this.#parts.retention.start()
    engine.guards.observe({ type: 'server.started', message: 'Serving stdio' })
    const isValid = (): boolean => this.#access.isValid(principal)
    await serveStdio(engine, { principal, isValid }, { input: process.stdin, write: reserveStdout() })
  }

  connectInMemory(as?: Principal, client: MemoryClient = {}): MemoryPeer {
    this.#recordStarted()
    return connectInMemory(this.#parts.engine, as ?? this.#access.local ?? localPrincipal({ roles: [] }), client)
  }

  explain(call: ExplainedCall): Promise<Explanation> {
    return explainCall(this.#parts.engine.guards, call)
  }

  reload(): Promise<ReloadReport> {
    return this.#inTurn(async () => {
      const prepared = await this.#parts.sources.prepare(this.#config.connectors, this.catalog)
      const report = this.#use(prepared.catalog)
      prepared.commit()
      return report
    })
  }

  reconfigure(config: Config): Promise<ReconfigureReport> {
    // Certificates are renewed whatever else is wrong with the new configuration.
    this.#callers?.reload()
    return this.#inTurn(async () => {
      const rules = await compileRules(config.access.rules)
      const prepared = await this.#parts.sources.prepare(config.connectors, this.catalog)
      try {
        const access = await this.#parts.openAccess(config)
        if (this.#host !== undefined) access.requireHttp(this.#host)
        const takeSignIn = await this.#parts.authorization.prepare(config)
        takeSignIn()
        return this.#takeOver(config, { access: await this.#parts.openAccess(config), rules }, prepared)
      } catch (thrown) {
        await prepared.discard()
        throw thrown
      }
    })
  }

  watched(): readonly string[] {
    return this.#parts.sources.watched()
  }

  readUsage(query: UsageQuery): Promise<readonly UsageSum[]> {
    return this.#parts.usage.read(query)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  #startUsage(): Promise<void> {
    const { clock, observe: observer } = this.#parts.engine.guards
    const isTool = (name: string): boolean => this.catalog.findTool(name) !== undefined
    return this.#parts.usage.start({ isTool, clock, observer })
  }

  /** Reloads come one after the other; one that fails does not keep the next from its turn. */
  #inTurn<Report>(change: () => Promise<Report>): Promise<Report> {
    const next = this.#reloading.then(change)
    this.#reloading = next.catch(() => {})
    return next
  }

  /** One step, from which nothing can fail: no call sees a part of the one configuration and a part of the other. */
  #takeOver(
    config: Config,
    { access, rules }: { readonly access: Access; readonly rules: Rules },
    prepared: PreparedSources,
  ): ReconfigureReport {
    const { engine, log } = this.#parts
    const before = { config: this.#config, guards: engine.guards }
    const needRestart = listRestartOptions(before.config, config)
    const { audit, plan, observe, clock, timer } = before.guards
    const { hashKey } = this.#parts
    const parts = { audit, plan, observe, clock, timer, hashKey, rules }
    const guards = createGuards(config, prepared, parts, before)
    const { catalog } = before.guards
    engine.guards = guards
    engine.identity = identityOf(config)
    this.#access = access
    this.#config = keepFixed(before.config, config)
    log.use(config)
    const change = compareCatalogs(catalog, prepared.catalog)
    // Other roles see other names, whether or not there are others.
    const isVisibilityChanged = before.guards.policy.hash !== guards.policy.hash
    if (isVisibilityChanged) announceVisibility(engine.events)
    else announceChanges(change, engine.events)
    const retire = prepared.commit()
    void before.guards.inFlight.idle().then(retire)
    const { added, removed } = change
    const details = { added, removed, needRestart }
    recordConfigChanged(audit, { before: before.config, after: this.#config, now: clock() })
    observe({ type: 'config.changed', message: 'The configuration was taken over', details })
    return details
  }

  async #close(): Promise<void> {
    const { engine, sources, storage, audit, recording, sinks, retention, metrics, usage, keyUses, replays } =
      this.#parts
    const { drain } = engine.options
    this.#readiness.setDraining()
    this.#callers?.close()
    this.#parts.closing.abort()
    if (this.#http !== undefined) {
      if (this.#isServing) await setTimeout(drain.delayMs)
      await this.#http.close()
    }
    engine.streams.close()
    await engine.tasks.close()
    await waitAtMost(drain.timeoutMs, engine.guards.inFlight.idle())
    await waitAtMost(drain.timeoutMs, sources.close())
    recording.close()
    await retention.close()
    if (this.#isRecording) recordStopped(audit, engine.guards.clock())
    await audit.close()
    await sinks.close()
    await usage.close()
    keyUses.close()
    storage.close()
    replays.close()
    metrics?.close()
    if (this.#isServing) engine.guards.observe({ type: 'server.stopped', message: 'Stopped' })
  }

  #recordStarted(): void {
    if (this.#isRecording) return
    this.#isRecording = true
    const { audit, engine } = this.#parts
    recordStarted(audit, this.#config, engine.guards.clock())
  }

  #use(catalog: Catalog): ReloadReport {
    const { engine } = this.#parts
    const change = compareCatalogs(this.catalog, catalog)
    const { added, removed, isChange } = change
    engine.guards = { ...engine.guards, catalog }
    announceChanges(change, engine.events)
    if (isChange) {
      const message = 'What is offered has changed'
      engine.guards.observe({ type: 'catalog.changed', message, details: { added, removed } })
    }
    return { added, removed }
  }
}

/** What a running server cannot take over is as it was. */
function keepFixed(before: Config, after: Config): Config {
  const { server, storage, audit, metrics, usage } = before
  return Object.freeze({ ...after, server, storage, audit, metrics, usage })
}
