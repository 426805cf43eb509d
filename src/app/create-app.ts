import { createHmac, randomBytes } from 'node:crypto'
import { createFileAuditTrail } from '../audit/file-audit-trail.ts'
import type { Implementation } from '../capabilities/protocol.ts'
import type { Config } from '../config/config.ts'
import { createEngine, type Engine } from '../edge/engine.ts'
import { createSealer } from '../edge/seal.ts'
import { openPepper, type Pepper } from '../identity/pepper.ts'
import { combineObservers } from '../observe/combine-observers.ts'
import { createLogObserver } from '../observe/log-observer.ts'
import type { Observer } from '../observe/observation.ts'
import { createPolicy } from '../pipeline/authorize.ts'
import type { Guards } from '../pipeline/guards.ts'
import { createRateLimiter } from '../pipeline/limit-rate.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { TaskStore } from '../storage/task-store.ts'
import { createAccess } from './access.ts'
import type { App, AppOptions } from './app.ts'
import { createConnector } from './connector-registry.ts'
import { RunningApp } from './running-app.ts'
import { Sources } from './sources.ts'

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
  const observe = observerOf(config, options)
  const configured = await Promise.all(config.connectors.map(createConnector))
  const sources = new Sources([...configured, ...(options.connectors ?? [])], observe)
  try {
    const catalog = await sources.connect()
    const pepper = openPepper(config.storage)
    const storage = openStorage(config.storage)
    const access = createAccess(config, {
      pepper,
      store: storage.keys,
      keys: options.keys ?? [],
      clock,
      observer: observe,
    })
    const audit = createFileAuditTrail({ ...config.audit, clock, observer: observe })
    const guards: Guards = {
      catalog,
      policy: createPolicy(config.access.roles),
      limiter: createRateLimiter(config.limits, clock),
      audit,
      observe,
      clock,
      timer: options.clock ?? (() => performance.now()),
      limits: config.limits,
    }
    const engine = engineOf(config, guards, { pepper, taskStore: storage.tasks })
    return new RunningApp({ config, access, engine, sources, storage, audit })
  } catch (thrown) {
    await sources.close()
    throw thrown
  }
}

function observerOf(config: Config, { writeLog, clock, observer }: AppOptions): Observer {
  const log = createLogObserver({
    ...config.log,
    ...(writeLog === undefined ? {} : { write: writeLog }),
    ...(clock === undefined ? {} : { clock }),
  })
  return observer === undefined ? log : combineObservers([log, observer])
}

function engineOf(
  config: Config,
  guards: Guards,
  { pepper, taskStore }: { readonly pepper: Pepper; readonly taskStore: TaskStore },
): Engine {
  const { name, version, title, websiteUrl, instructions } = config
  const info: Implementation = {
    name,
    version,
    ...(title === undefined ? {} : { title }),
    ...(websiteUrl === undefined ? {} : { websiteUrl }),
  }
  return createEngine({
    guards,
    identity: { info, instructions },
    options: config.server,
    sealer: createSealer(sealKey(pepper)),
    taskStore,
  })
}

/** Derived from the pepper, so that cursors and states outlive a restart; without one they live as long as the process. */
function sealKey(pepper: Pepper): Uint8Array {
  const secret = pepper.read()
  return secret === undefined ? randomBytes(32) : createHmac('sha256', secret).update('toolgate seal 1').digest()
}
