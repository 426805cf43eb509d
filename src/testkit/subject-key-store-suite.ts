import assert from 'node:assert/strict'
import type { StoredSubject, SubjectKeyStore } from '../storage/subject-key-store.ts'
import type { ContractCase } from './contract-case.ts'

/** The contract of `SubjectKeyStore`, as tests. `create` makes an empty store for each. */
export function subjectKeyStoreSuite(
  create: () => SubjectKeyStore | Promise<SubjectKeyStore>,
): readonly ContractCase[] {
  const promise = (name: string, check: (store: SubjectKeyStore) => void): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('is empty at first', (store) => {
      assert.equal(store.find('key:a'), undefined)
      assert.equal(store.findSubject('s_a'), undefined)
      assert.deepEqual([...store.list()], [])
      assert.equal(store.remove('s_a'), false)
    }),
    promise('gives back a subject by its principal and by its pseudonym', (store) => {
      for (const name of ['a', 'b']) assert.deepEqual(store.add(subject(name)), subject(name))
      assert.deepEqual(store.find('key:a'), subject('a'))
      assert.deepEqual(store.findSubject('s_b'), subject('b'))
      assert.deepEqual([...store.list()], [subject('a'), subject('b')])
    }),
    promise('keeps the first of two for the same principal, and says so', (store) => {
      store.add(subject('a'))
      const second = { ...subject('b'), principalId: 'key:a' }
      assert.deepEqual(store.add(second), subject('a'))
      assert.equal(store.findSubject('s_b'), undefined)
    }),
    promise('forgets what was removed, and takes a new one for the same principal', (store) => {
      store.add(subject('a'))
      store.add(subject('b'))
      assert.equal(store.remove('s_a'), true)
      assert.equal(store.remove('s_a'), false)
      assert.equal(store.find('key:a'), undefined)
      assert.deepEqual([...store.list()], [subject('b')])
      const next = { ...subject('c'), principalId: 'key:a' }
      assert.deepEqual(store.add(next), next)
    }),
    promise('takes any text for what it is', (store) => {
      const odd = { ...subject('odd'), principalId: `O'Brien "; DROP TABLE audit_subjects; -- \n \u202e 🔑` }
      store.add(odd)
      assert.deepEqual(store.find(odd.principalId), odd)
      for (const id of ["' OR '1'='1", '%', '', '\u0000']) assert.equal(store.find(id), undefined)
    }),
  ]
}

function subject(name: string): StoredSubject {
  return {
    subject: `s_${name}`,
    principalId: `key:${name}`,
    wrappedKey: `wrapped-${name}`,
    createdAt: '2026-11-22T00:00:00.000Z',
  }
}
