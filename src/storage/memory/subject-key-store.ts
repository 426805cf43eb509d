import type { StoredSubject, SubjectKeyStore } from '../subject-key-store.ts'

/** Keys of subjects that live as long as the process: for tests. */
export function createMemorySubjectKeyStore(): SubjectKeyStore {
  const byPrincipal = new Map<string, StoredSubject>()
  const findSubject = (subject: string): StoredSubject | undefined =>
    [...byPrincipal.values()].find((each) => each.subject === subject)
  return {
    find: (principalId) => byPrincipal.get(principalId),
    findSubject,
    add(subject) {
      const kept = byPrincipal.get(subject.principalId) ?? Object.freeze({ ...subject })
      byPrincipal.set(subject.principalId, kept)
      return kept
    },
    list: () => [...byPrincipal.values()],
    remove(subject) {
      const found = findSubject(subject)
      return found !== undefined && byPrincipal.delete(found.principalId)
    },
  }
}
