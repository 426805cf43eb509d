import type { Observer } from '../observe/observation.ts'
import type { KeyStore } from '../storage/key-store.ts'
import { putBounded } from './bounded-map.ts'

/** Notes when keys were let in. */
export interface KeyUses {
  /** Costs a look into a map; nothing is written before the call returns. */
  note(id: string): void
  /** Writes what is noted. Never throws. */
  close(): void
}

/** What uses are noted with. */
export interface KeyUsesOptions {
  readonly store: Pick<KeyStore, 'noteUses'>
  readonly clock: () => number
  readonly observer: Observer
}

const HOUR_MS = 3_600_000
const WRITE_AFTER_MS = 5_000
const WRITE_AGAIN_MS = 60_000
/** As many as are written without a pause that callers would notice. */
const MAX_WRITTEN = 500
const MAX_NOTED = 10_000

/**
 * Notes the hour of each key, once an hour, and writes a few seconds later, many at once. A write that fails is tried again
 * a minute later and costs no call. Only keys that were let in are noted, so a flood of wrong ones writes nothing.
 */
export function createKeyUses({ store, clock, observer }: KeyUsesOptions): KeyUses {
  const known = new Map<string, number>()
  const waiting = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined

  const writeAfter = (milliseconds: number): void => {
    timer ??= setTimeout(write, milliseconds).unref()
  }
  const write = (): void => {
    timer = undefined
    const batch = new Map([...waiting].slice(0, MAX_WRITTEN))
    if (batch.size === 0) return
    try {
      store.noteUses(batch)
      for (const id of batch.keys()) waiting.delete(id)
      if (waiting.size > 0) writeAfter(0)
    } catch (cause) {
      observer({ type: 'fault', message: 'When API keys were last used cannot be noted now.', cause })
      writeAfter(WRITE_AGAIN_MS)
    }
  }

  return {
    note(id) {
      const hour = Math.floor(clock() / HOUR_MS)
      if (known.get(id) === hour) return
      putBounded(known, [id, hour], MAX_NOTED)
      putBounded(waiting, [id, new Date(hour * HOUR_MS).toISOString()], MAX_NOTED)
      writeAfter(WRITE_AFTER_MS)
    },
    close() {
      clearTimeout(timer)
      timer = undefined
      while (waiting.size > 0) {
        const before = waiting.size
        write()
        if (waiting.size === before) break
      }
      clearTimeout(timer)
    },
  }
}
