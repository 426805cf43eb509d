import { createAuditObserver } from '../audit/audit-observer.ts'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { ChainTrail } from '../audit/chain-audit-trail.ts'
import type { Config } from '../config/config.ts'
import { createEngine, type Engine } from '../edge/engine.ts'
import { createSealer } from '../edge/seal.ts'
import { openPepper, type Pepper } from '../identity/pepper.ts'
import { combineObservers } from '../observe/combine-observers.ts'
import type { Guards } from '../pipeline/guards.ts'
import { compileRules } from '../pipeline/rules/compile-rules.ts'
import { createMemorySessionRecords } from '../storage/memory/session-records.ts'
import { openStorage, type Storage } from '../storage/open-storage.ts'
import type { App, AppOptions } from './app.ts'
import { createAuditPlan, createAuditTrail } from './audit.ts'
import { createAuditRetention } from './audit-retention.ts'
import { createAuditSinks } from './audit-sinks.ts'
import { createGuards } from './create-guards.ts'
import { createLog } from './create-log.ts'
import { deriveKey } from './derive-key.ts'
import { identityOf } from './identity-of.ts'
import { openEntry } from './open-entry.ts'
import { openMetrics } from './open-metrics.ts'
import { RunningApp } from './running-app.ts'
import { Sources } from './sources.ts'
import { UsageRecording } from './usage-recording.ts'

/**
 * Connects every connector, compiles what they offer and puts the guards in front of it. Nothing listens yet.
 *
 * Rejects with `CONNECTOR_FAILED`, `DEFINITION_INVALID` or `NAME_COLLISION`; then everything opened so far is closed.
 *
 * @example
 * const app = await createApp(await loadConfig('toolgate.yaml', { env: process.env, cwd: process.cwd() }))
 * const { url } = await app.listen()
 */
export async function createApp(config: Config, options: AppOptions = {}): Promise<App> {
  const clock = options.clock ?? Date.now
  const metrics = openMetrics(config)
  const usage = new UsageRecording(config)
  const log = createLog(config, options, [usage.observe, metrics?.observe])
  const sources = new Sources(options.connectors ?? [], log.observe, options.pauses)
  try {
    const rules = await compileRules(config.access.rules)
    const prepared = await sources.prepare(config.connectors)
    prepared.commit()
    const pepper = openPepper(config.storage)
    const storage = openStorage(config.storage)
    const { audit, trail } = openTrail(config, options.auditTrail, { clock, observer: log.observe })
    const retention = createAuditRetention(config, { trail, observer: log.observe, clock })
    const recording = createAuditObserver(audit, clock)
    const sinks = createAuditSinks(config, { audit, observer: log.observe, clock })
    const plan = createAuditPlan(config, { pepper, store: storage.subjectKeys, clock, observer: log.observe })
    const observe = combineObservers([log.observe, recording])
    const entry = await openEntry(config, {
      pepper,
      storage,
      keys: options.keys ?? [],
      clock,
      observe,
      guards: () => engine.guards,
    })
    const timer = options.clock ?? (() => performance.now())
    const hashKey = deriveKey(pepper, 'toolgate personal 1')
    const guards = createGuards(config, prepared, { audit, plan, observe, clock, timer, hashKey, rules })
    const engine = engineOf(config, guards, { pepper, storage })
    const records = { audit, recording, sinks, retention, log, metrics, usage }
    return new RunningApp({ ...records, ...entry, config, engine, sources, storage, hashKey })
  } catch (thrown) {
    metrics?.close()
    await sources.close()
    throw thrown
  }
}

/** A trail that was given is its owner's to shorten. */
function openTrail(
  config: Config,
  given: AuditTrail | undefined,
  parts: Parameters<typeof createAuditTrail>[1],
): { readonly audit: AuditTrail; readonly trail: ChainTrail | undefined } {
  if (given !== undefined) return { audit: given, trail: undefined }
  const trail = createAuditTrail(config, parts)
  return { audit: trail, trail }
}

function engineOf(config: Config, guards: Guards, { pepper, storage }: { pepper: Pepper; storage: Storage }): Engine {
  return createEngine({
    guards,
    identity: identityOf(config),
    options: config.server,
    sealer: createSealer(deriveKey(pepper, 'toolgate seal 1')),
    taskStore: storage.tasks,
    sessionRecords: createMemorySessionRecords(),
  })
}
