import { join } from 'node:path'
import type { KeyStore } from './key-store.ts'
import type { StoragePlace } from './open-storage.ts'
import { createSqliteKeyStore } from './sqlite/key-store.ts'
import { createStorageFile } from './sqlite/storage-file.ts'

/** Where it is noted when keys were last used: the keys of the embedded storage, over a connection that gives way to others. */
export function openKeyUseStore({ directory, driver }: StoragePlace): Pick<KeyStore, 'noteUses'> {
  const file = createStorageFile({
    file: join(directory, 'toolgate.db'),
    isPatient: false,
    ...(driver === undefined ? {} : { driver }),
  })
  return {
    noteUses(uses) {
      try {
        createSqliteKeyStore(file).noteUses(uses)
      } finally {
        file.close()
      }
    },
  }
}
