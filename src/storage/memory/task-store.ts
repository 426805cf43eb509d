import type { StoredTask, TaskStore } from '../task-store.ts'

/** Tasks that live as long as the process: for tests. */
export function createMemoryTaskStore(): TaskStore {
  const byId = new Map<string, StoredTask>()
  const removeExpired = (now: number): void => {
    for (const { id, expiresAt } of byId.values()) if (expiresAt <= now) byId.delete(id)
  }
  return {
    add(task, { max, maxPerPrincipal, now }) {
      removeExpired(now)
      const own = [...byId.values()].filter(({ principalId }) => principalId === task.principalId)
      if (byId.size >= max || own.length >= maxPerPrincipal) return false
      byId.set(task.id, { ...task })
      return true
    },
    find: (id) => byId.get(id),
    ids: (principalId, now) =>
      [...byId.values()]
        .filter((task) => task.principalId === principalId && task.expiresAt > now)
        .map(({ id }) => id)
        .sort(),
    replace(task) {
      if (byId.get(task.id)?.revision !== task.revision - 1) return false
      byId.set(task.id, { ...task })
      return true
    },
    remove(id) {
      byId.delete(id)
    },
    removeExpired,
  }
}
