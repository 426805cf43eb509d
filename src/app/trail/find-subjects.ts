import type { Config } from '../../config/config.ts'
import type { Storage } from '../../storage/open-storage.ts'
import type { StoredSubject } from '../../storage/subject-key-store.ts'

/** A pseudonym, as it stands in records. */
export const PSEUDONYM: RegExp = /^s_[\w-]{22}$/

/** The stored subjects of the principals with this id or pseudonym, or whose API key has this name. */
export function findSubjects(config: Config, storage: Storage, who: string): readonly StoredSubject[] {
  const keys = [...config.access.keys, ...storage.keys.list()].filter(({ name }) => name === who)
  const ids = new Set([who, ...keys.map(({ id, clientId = id }) => `key:${clientId}`)])
  return storage.subjectKeys.list().filter(({ principalId, subject }) => ids.has(principalId) || subject === who)
}
