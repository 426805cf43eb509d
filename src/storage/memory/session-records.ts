import type { SessionRecord, SessionRecords } from '../session-records.ts'

/** Records that live as long as the process: for a server that is one process. */
export function createMemorySessionRecords(): SessionRecords {
  const byId = new Map<string, SessionRecord>()
  const listeners = new Set<(id: string) => void>()
  const tell = (id: string): void => {
    for (const listener of [...listeners]) listener(id)
  }
  const remove = (id: string): void => {
    if (byId.delete(id)) tell(id)
  }
  return {
    add(record) {
      byId.set(record.id, { ...record })
    },
    find: (id) => byId.get(id),
    replace(record) {
      const kept = byId.get(record.id)
      if (kept === undefined || kept.revision !== record.revision - 1) return false
      byId.set(record.id, { ...record, expiresAt: Math.max(record.expiresAt, kept.expiresAt) })
      tell(record.id)
      return true
    },
    touch(id, expiresAt) {
      const kept = byId.get(id)
      if (kept === undefined || kept.expiresAt >= expiresAt) return kept
      const touched = { ...kept, expiresAt }
      byId.set(id, touched)
      return touched
    },
    remove,
    removeExpired(now) {
      for (const { id, expiresAt } of [...byId.values()]) if (expiresAt <= now) remove(id)
    },
    watch(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}
