import type { AddressInfo } from 'node:net'
import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Config } from '../config/config.ts'
import type { Engine } from '../edge/engine.ts'
import type { HttpEdge } from '../edge/http/serve-http.ts'
import { connectInMemory, type MemoryClient, type MemoryPeer } from '../edge/memory/connect-in-memory.ts'
import { ToolgateError } from '../errors.ts'
import { localPrincipal } from '../identity/known-principals.ts'
import type { Principal } from '../identity/principal.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { Access } from './access.ts'
import type { App, ReloadReport } from './app.ts'
import { announceChanges, compareCatalogs } from './compare-catalogs.ts'
import type { Sources } from './sources.ts'

interface Parts {
  readonly config: Config
  readonly access: Access
  readonly engine: Engine
  readonly sources: Sources
  readonly storage: Storage
  readonly audit: AuditTrail
}

/** An app as `createApp` makes it. */
export class RunningApp implements App {
  readonly config: Config
  readonly #parts: Parts
  #http: HttpEdge | undefined
  #isServing = false
  #reloading: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(parts: Parts) {
    this.config = parts.config
    this.#parts = parts
    parts.sources.onChange(
      () => this.catalog,
      (catalog) => this.#use(catalog),
    )
    parts.sources.observeFaults()
    parts.sources.onResourceUpdated((uri) => parts.engine.notifier.resourceUpdated(uri))
  }

  get catalog(): Catalog {
    return this.#parts.engine.guards.catalog
  }

  async listen(at: { readonly host?: string; readonly port?: number } = {}): Promise<{ url: string; port: number }> {
    const { access, engine, config } = this.#parts
    const host = at.host ?? config.server.host
    access.requireHttp(host)
    const { createHttpEdge } = await import('../edge/http/serve-http.ts')
    this.#http = createHttpEdge({ ...engine, options: { ...engine.options, host } }, access)
    const port = await listenOn(this.#http, host, at.port ?? config.server.port)
    const url = `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}${config.server.path}`
    this.#isServing = true
    engine.guards.observe({ type: 'server.started', message: `Serving ${url}` })
    return { url, port }
  }

  async serveStdio(): Promise<void> {
    const { access, engine } = this.#parts
    const principal = access.requireLocal()
    const { reserveStdout } = await import('../edge/stdio/reserve-stdout.ts')
    const { serveStdio } = await import('../edge/stdio/serve-stdio.ts')
    this.#isServing = true
    engine.guards.observe({ type: 'server.started', message: 'Serving stdio' })
    await serveStdio(engine, principal, { input: process.stdin, write: reserveStdout() })
  }

  connectInMemory(as?: Principal, client: MemoryClient = {}): MemoryPeer {
    return connectInMemory(this.#parts.engine, as ?? this.#parts.access.local ?? localPrincipal([]), client)
  }

  reload(): Promise<ReloadReport> {
    const next = this.#reloading.then(async () => this.#use(await this.#parts.sources.reload(this.catalog)))
    this.#reloading = next.catch(() => {})
    return next
  }

  watched(): readonly string[] {
    return this.#parts.sources.watched()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const { engine, sources, storage, audit } = this.#parts
    await this.#http?.close()
    engine.events.close()
    await engine.tasks.close()
    await sources.close()
    await audit.close()
    storage.close()
    if (this.#isServing) engine.guards.observe({ type: 'server.stopped', message: 'Stopped' })
  }

  #use(catalog: Catalog): ReloadReport {
    const { engine } = this.#parts
    const change = compareCatalogs(this.catalog, catalog)
    engine.guards.catalog = catalog
    announceChanges(change, engine.notifier)
    if (change.isChange) {
      const { added, removed } = change
      engine.guards.observe({
        type: 'catalog.changed',
        message: 'What is offered has changed',
        details: { added, removed },
      })
    }
    return { added: change.added, removed: change.removed }
  }
}

function listenOn({ server }: HttpEdge, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, host, port)))
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => resolve((server.address() as AddressInfo).port))
  })
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): ToolgateError {
  if (cause.code === 'EADDRINUSE') {
    return new ToolgateError({
      code: 'ADDRESS_IN_USE',
      message: `Port ${port} on ${host} is taken by another process.`,
      hint: 'Stop that process, or choose another port: PORT=3001, --port 3001 or server.port.',
      cause,
    })
  }
  return new ToolgateError({
    code: 'ADDRESS_IN_USE',
    message: `Cannot listen on ${host} port ${port}: ${cause.code ?? cause.message}.`,
    hint: 'Choose another host or port.',
    cause,
  })
}
