import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observation.ts'
import type { UsageStore } from '../storage/usage-store.ts'
import type { UsageQuery, UsageSum } from '../usage/read-usage.ts'
import type { UsageRecorder } from '../usage/usage-recorder.ts'

interface Parts {
  readonly isTool: (name: string) => boolean
  readonly clock: () => number
  readonly observer: Observer
}

/** The use of tools of one app. Nothing of it is loaded before the app is served or asked for it. */
export class UsageRecording {
  readonly #config: Pick<Config, 'usage' | 'storage'>
  #recorder: UsageRecorder | undefined
  #store: Promise<UsageStore> | undefined
  #isClosed = false

  constructor(config: Pick<Config, 'usage' | 'storage'>) {
    this.#config = config
  }

  /** Counts calls from `start` on. */
  readonly observe: Observer = (observation) => this.#recorder?.observe(observation)

  /** Begins to count, where the configuration says so. Idempotent. */
  async start({ isTool, clock, observer }: Parts): Promise<void> {
    const { usage } = this.#config
    if (!usage.enabled) return
    const { UsageRecorder } = await import('../usage/usage-recorder.ts')
    const store = await this.#open()
    if (this.#isClosed) return
    this.#recorder ??= new UsageRecorder({ store, options: usage, isTool, clock, observer })
  }

  /** Adds up what is stored. Rejects with `STORAGE_FAILED`. */
  async read(query: UsageQuery): Promise<readonly UsageSum[]> {
    const { readUsage } = await import('../usage/read-usage.ts')
    return readUsage(await this.#open(), query)
  }

  /** Writes what was counted and lets go of the storage. */
  async close(): Promise<void> {
    this.#isClosed = true
    const recorder = this.#recorder
    await recorder?.close()
    if (recorder === undefined) await (await this.#store)?.close()
  }

  #open(): Promise<UsageStore> {
    this.#store ??= import('../storage/open-usage-store.ts').then(({ openUsageStore }) =>
      openUsageStore(this.#config.storage),
    )
    return this.#store
  }
}
