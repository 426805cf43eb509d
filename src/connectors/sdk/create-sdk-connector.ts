import { stat } from 'node:fs/promises'
import { ToolgateError } from '../../errors.ts'
import type { Connector, Offered } from '../connector.ts'
import { shorten } from '../describe-load-failure.ts'
import { type LoadedModule, loadModules } from '../load-modules.ts'
import { prefixName } from '../prefix-name.ts'
import { type OpenServer, openServer } from './open-server.ts'
import { ParkedCalls, type ParkingLimits } from './parked-calls.ts'
import { takeServer } from './sdk-server.ts'
import type { LinkListener } from './server-link.ts'

/** Where the server is. */
export interface SdkConnectorSource {
  readonly name: string
  /** The file that exports the server by default; absolute. */
  readonly path: string
  /** Put before the names of tools and prompts. */
  readonly prefix?: string
  /** How many calls may wait for their users. */
  readonly parking?: ParkingLimits
}

/**
 * Serves a server object of the official SDK, version 1 or 2, inside this process: everything it lists is offered and
 * every call goes to it. Its own transport, its own authentication and the text of what its handlers throw stay behind.
 */
export function createSdkConnector(source: SdkConnectorSource): Connector {
  return new SdkConnector(source)
}

/** Servers that were replaced but may still be served, should the new catalog have been refused as a whole. */
const SERVERS_KEPT = 5

class SdkConnector implements Connector {
  readonly name: string
  readonly #source: SdkConnectorSource
  readonly #parked: ParkedCalls
  readonly #servers: OpenServer[] = []
  readonly #changeListeners = new Set<(offered: readonly Offered[]) => void>()
  readonly #updateListeners = new Set<(uri: string) => void>()
  readonly #faultListeners = new Set<(fault: ToolgateError) => void>()
  readonly #closing = new AbortController()
  readonly #inputs = new Set<string>()
  #version: string | undefined
  #relisting: Promise<void> | undefined
  #hasChangedAgain = false

  constructor(source: SdkConnectorSource) {
    this.name = source.name
    this.#source = source
    this.#parked = new ParkedCalls(source.parking)
  }

  async connect(signal: AbortSignal): Promise<readonly Offered[]> {
    return this.#load(signal)
  }

  async reload(signal: AbortSignal): Promise<readonly Offered[]> {
    return this.#load(signal)
  }

  watched(): readonly string[] {
    return [...new Set([this.#source.path, ...this.#inputs])]
  }

  onChange(listener: (offered: readonly Offered[]) => void): () => void {
    this.#changeListeners.add(listener)
    return () => void this.#changeListeners.delete(listener)
  }

  onResourceUpdated(listener: (uri: string) => void): () => void {
    this.#updateListeners.add(listener)
    return () => void this.#updateListeners.delete(listener)
  }

  onFault(listener: (fault: ToolgateError) => void): () => void {
    this.#faultListeners.add(listener)
    return () => void this.#faultListeners.delete(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('The connector is closed.'))
    this.#parked.clear()
    await Promise.all(this.#servers.splice(0).map(({ link }) => link.close()))
  }

  async #load(signal: AbortSignal): Promise<readonly Offered[]> {
    const during = AbortSignal.any([signal, this.#closing.signal])
    const module = await this.#loadModule(during)
    const current = this.#servers.at(-1)
    if (module === undefined && current !== undefined) return this.#toOffered(current, during)
    const server = await this.#open(module?.exports.default, during)
    try {
      const offered = await this.#toOffered(server, during)
      this.#servers.push(server)
      this.#version = module?.version
      if (this.#servers.length > SERVERS_KEPT) this.#servers.shift()?.link.retire()
      return offered
    } catch (thrown) {
      await server.link.close()
      throw thrown
    }
  }

  /** `undefined` when the server that runs is still the one the file would make. */
  async #loadModule(signal: AbortSignal): Promise<LoadedModule | undefined> {
    const { name, path } = this.#source
    const isFile = await stat(path).then(
      (found) => found.isFile(),
      () => false,
    )
    if (!isFile) {
      throw new ToolgateError({
        code: 'CONNECTOR_FAILED',
        message: `There is no file ${path}.`,
        hint: `Correct the path of the connector "${name}": it names the file that exports the server.`,
      })
    }
    const known = this.#version === undefined ? {} : { known: this.#version }
    // Run anew: a server object takes one connection, and somebody else may have loaded the same file.
    const options = { root: path, entries: [path], signal, isFresh: true, inputs: this.#inputs, ...known }
    const [module] = await loadModules(options)
    return module
  }

  async #open(exported: unknown, signal: AbortSignal): Promise<OpenServer> {
    const place = this.#place
    const server = await takeServer(exported, place, signal)
    const request = { server, place, parked: this.#parked, listener: this.#listener() }
    const opened = await openServer({ ...request, onCall: () => this.#retireBefore(opened) }, signal)
    return opened
  }

  /** A call proves that its server's catalog is the one that is served, so those before it are not needed any more. */
  #retireBefore(server: OpenServer): void {
    if (this.#servers[0] === server) return
    const index = this.#servers.indexOf(server)
    if (index > 0) for (const old of this.#servers.splice(0, index)) old.link.retire()
  }

  get #place(): string {
    return shorten(this.#source.path, this.#source.path)
  }

  async #toOffered(server: OpenServer, signal: AbortSignal): Promise<readonly Offered[]> {
    const definitions = await server.list(signal)
    const prefix = this.#source.prefix ?? ''
    return definitions.map((definition) => ({ definition: prefixName(definition, prefix), source: this.#place }))
  }

  #listener(): LinkListener {
    return {
      listChanged: () => this.#relist(),
      resourceUpdated: (uri, call) => {
        if (this.#updateListeners.size === 0) call?.round?.notify.resourceUpdated(uri)
        for (const listener of this.#updateListeners) listener(uri)
      },
      fault: (message, cause) => this.#report(message, cause),
    }
  }

  /** Several changes in a row are one; a change while the lists are read is read once more. */
  #relist(): void {
    if (this.#changeListeners.size === 0) return
    this.#hasChangedAgain = true
    this.#relisting ??= this.#relistUntilQuiet().finally(() => {
      this.#relisting = undefined
    })
  }

  async #relistUntilQuiet(): Promise<void> {
    try {
      while (this.#hasChangedAgain && !this.#closing.signal.aborted) {
        this.#hasChangedAgain = false
        const current = this.#servers.at(-1)
        if (current === undefined) return
        const offered = await this.#toOffered(current, this.#closing.signal)
        for (const listener of this.#changeListeners) listener(offered)
      }
    } catch (thrown) {
      if (!this.#closing.signal.aborted) this.#report('The changed lists of the SDK server could not be read.', thrown)
    }
  }

  #report(message: string, cause: unknown): void {
    const fault = new ToolgateError({ code: 'CONNECTOR_FAILED', message, cause })
    for (const listener of this.#faultListeners) listener(fault)
  }
}
