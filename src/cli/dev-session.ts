import type { App, ReloadReport } from '../app/app.ts'
import { createApp } from '../app/create-app.ts'
import type { Config } from '../config/config.ts'
import type { Invocation } from './command.ts'
import { describeFailure, failureText } from './print-failure.ts'
import { type Observation, observationText } from './print-observation.ts'
import { printServing } from './print-serving.ts'
import { readLocalCaller } from './read-local-caller.ts'
import { countOffered, type FreshKey, listen, type Serving } from './serving.ts'
import { type FileWatch, watchFiles } from './watch-files.ts'

/** What a session is made of. */
export interface DevOptions {
  readonly invocation: Invocation
  readonly serving: Serving
  readonly keys: readonly FreshKey[]
  /** Reads the configuration again. */
  readonly read: () => Promise<Config>
}

/** An app that follows its sources: what changed is taken over, what is broken is reported and not taken over. */
export class DevSession {
  readonly #options: DevOptions
  #app: App | undefined
  #port: number | undefined
  #watch: FileWatch | undefined

  constructor(options: DevOptions) {
    this.#options = options
  }

  /** Serves and follows; resolves when the input ends (stdio) or never (HTTP). */
  async run(config: Config): Promise<void> {
    const { serving, invocation, keys } = this.#options
    const app = await this.#create(config)
    this.#app = app
    const follow = (): FileWatch =>
      watchFiles({ paths: () => this.#watched(), onChange: (changed) => this.#follow(changed) })
    if (serving.isStdio) {
      this.#watch = follow()
      return app.serveStdio(await readLocalCaller(config, invocation))
    }
    const { url, port } = await listen(app, serving, invocation)
    this.#port = port
    this.#watch = follow()
    await printServing(invocation, { app, url, keys, serving })
    return new Promise(() => {})
  }

  async close(): Promise<void> {
    this.#watch?.close()
    await this.#app?.close()
  }

  #create(config: Config): Promise<App> {
    const { keys } = this.#options
    return createApp(config, {
      writeLog: () => {},
      observer: (observation) => this.#observe(observation),
      keys: keys.map(({ stored }) => stored),
    })
  }

  #watched(): string[] {
    const file = this.#app?.config.file
    return [...(this.#app?.watched() ?? []), ...(file === undefined ? [] : [file])]
  }

  async #follow(changed: readonly string[]): Promise<void> {
    const startedAt = performance.now()
    const file = this.#app?.config.file
    try {
      const report = file !== undefined && changed.includes(file) ? await this.#replace() : await this.#app?.reload()
      const ms = Math.round(performance.now() - startedAt)
      if (report !== undefined)
        this.#say({ event: 'reloaded', ms, ...report }, `reloaded in ${ms} ms: ${reportText(report)}\n`)
    } catch (thrown) {
      const failure = describeFailure(thrown)
      this.#say({ event: 'failed', error: failure }, `${failureText(failure)}  The last good state goes on serving.\n`)
    }
  }

  /** Takes over a changed config file. Where that needs a restart, a new app takes the place of the old one. */
  async #replace(): Promise<ReloadReport | undefined> {
    const { invocation, serving, read } = this.#options
    const config = await read()
    const report = await this.#app?.reconfigure(config)
    if (report === undefined || report.needRestart.length === 0) return report
    if (!serving.isStdio) return this.#restart(config)
    invocation.terminal.err(`At the next start only: ${report.needRestart.join(', ')}.\n`)
    return report
  }

  async #restart(config: Config): Promise<undefined> {
    const { invocation, serving } = this.#options
    const old = this.#app
    const next = await this.#create(config)
    const { server } = next.config
    const at = { host: serving.host ?? server.host, port: serving.port ?? server.port }
    const isMoved = serving.port === undefined && server.port !== old?.config.server.port
    if (isMoved) await this.#listen(next, at)
    await old?.close()
    if (!isMoved) await this.#listen(next, { ...at, ...(this.#port === undefined ? {} : { port: this.#port }) })
    this.#app = next
    invocation.terminal.err(`The configuration was taken over: ${countOffered(next)}.\n`)
  }

  async #listen(app: App, at: { readonly host: string; readonly port: number }): Promise<void> {
    try {
      const { port, url } = await app.listen(at)
      if (port !== this.#port) this.#say({ event: 'listening', url }, `listens on ${url}\n`)
      this.#port = port
    } catch (thrown) {
      await app.close()
      throw thrown
    }
  }

  #observe(observation: Observation): void {
    if (observation.type === 'request.ended' || observation.type === 'session.ended') return
    // What a reload brought is told with how long it took.
    if (
      observation.type === 'catalog.changed' ||
      observation.type === 'config.changed' ||
      observation.type.startsWith('server.')
    )
      return
    const { type, ...facts } = observation
    const cause = 'cause' in facts && facts.cause !== undefined ? { cause: String(facts.cause) } : {}
    this.#say({ event: type, ...facts, ...cause }, observationText(observation, new Date()))
  }

  #say(event: Readonly<Record<string, unknown>>, text: string): void {
    const { serving, invocation } = this.#options
    if (serving.isStdio) invocation.terminal.err(text)
    else invocation.terminal.out(serving.asJson ? `${JSON.stringify(event)}\n` : text)
  }
}

function reportText({ added, removed }: ReloadReport): string {
  const changes = [...added.map((name) => `+ ${name}`), ...removed.map((name) => `- ${name}`)]
  return changes.length === 0 ? 'the same names are offered' : changes.join(', ')
}
