import { join } from 'node:path'
import type { StoragePlace } from './open-storage.ts'
import type { ReplayStore } from './replay-store.ts'
import { createSqliteReplayStore } from './sqlite/replay-store.ts'
import { createStorageFile } from './sqlite/storage-file.ts'

/**
 * What was used once, over a connection of its own that does not wait for the disk: a process that is killed forgets nothing, and
 * a machine that loses its power takes longer to come back than a proof is good for.
 */
export function openReplayStore(
  { directory, driver }: StoragePlace,
  clock: () => number,
): ReplayStore & { close(): void } {
  const file = createStorageFile({
    file: join(directory, 'toolgate.db'),
    isDurable: false,
    ...(driver === undefined ? {} : { driver }),
  })
  return { ...createSqliteReplayStore(file, clock), close: () => file.close() }
}
