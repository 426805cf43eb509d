import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ToolgateError } from '../../errors.ts'
import { takeLock } from '../../storage/sqlite/take-lock.ts'

const TRY_MS = 50
const GIVE_UP_MS = 10_000

/**
 * Does what must not happen at the same time in two processes: changing legal holds, and erasing or removing what none of them
 * forbids. Waits ten seconds for its turn, then rejects with `STORAGE_FAILED`.
 */
export async function withTrailLock<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const file = join(directory, 'changes.lock')
  const end = performance.now() + GIVE_UP_MS
  for (;;) {
    const release = takeLock(file)
    if (release !== undefined) {
      try {
        return await work()
      } finally {
        release()
      }
    }
    if (performance.now() > end) break
    await setTimeout(TRY_MS)
  }
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `Another process holds ${file}: it erases, removes old records or changes legal holds.`,
    hint: 'Try again when it has ended.',
  })
}
