import { join } from 'node:path'
import type { StoragePlace } from './open-storage.ts'
import { createStorageFile } from './sqlite/storage-file.ts'
import { createSqliteUsageStore } from './sqlite/usage-store.ts'
import type { UsageStore } from './usage-store.ts'

/**
 * The use of tools in the embedded storage, over a connection of its own that gives way: it does not wait for other
 * processes, and not for the disk after every write. The last minutes may be lost with the power, nothing else.
 */
export function openUsageStore({ directory, driver }: StoragePlace): UsageStore {
  const file = createStorageFile({
    file: join(directory, 'toolgate.db'),
    isPatient: false,
    ...(driver === undefined ? {} : { driver }),
  })
  return createSqliteUsageStore(file)
}
