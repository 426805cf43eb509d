import assert from 'node:assert/strict'
import { ToolgateError } from '../errors.ts'
import type { KeyStore, Rotation, StoredKey } from '../storage/key-store.ts'
import type { ContractCase } from './contract-case.ts'

/** The contract of `KeyStore`, as tests. `create` makes an empty store for each. */
export function keyStoreSuite(create: () => KeyStore | Promise<KeyStore>): readonly ContractCase[] {
  const promise = (name: string, check: (store: KeyStore) => void): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('is empty at first', (store) => {
      assert.equal(store.find('000000000000'), undefined)
      assert.deepEqual([...store.list()], [])
    }),
    promise('gives back a key as it was added, and only under its id', (store) => {
      const keys = [
        key('a'),
        key('b', { tenant: 'acme', roles: [] }),
        key('c', { roles: ['reader', 'writer'], expiresAt: '2027-01-31T00:00:00.000Z' }),
        key('d', { scopes: [], claims: { region: 'eu', tags: ['a', 'b'], level: 3, isVip: true } }),
        key('e', { scopes: ['crm:read'], allowFrom: ['10.0.0.0/8', '2001:db8::/32'], rateClass: 'batch' }),
      ]
      for (const each of keys) store.add(each)
      for (const each of keys) assert.deepEqual(store.find(each.id), each)
      assert.equal(store.find('zzzzzzzzzzzz'), undefined)
      assert.equal(store.find(key('a').id.toUpperCase()), undefined)
    }),
    promise('lists keys in the order in which they were made', (store) => {
      const names = ['zoe', 'ada', 'max']
      names.forEach((name, at) => {
        store.add(key(name, { createdAt: `2026-11-22T00:00:0${at}.000Z` }))
      })
      assert.deepEqual(
        store.list().map(({ name }) => name),
        names,
      )
    }),
    promise('takes any text for what it is', (store) => {
      const name = `O'Brien "; DROP TABLE api_keys; -- \n \u202e ключ 🔑`
      const odd = key('odd', { name, tenant: '%', roles: ['["x"]', '', ','] })
      store.add(odd)
      assert.deepEqual(store.find(odd.id), odd)
      for (const id of ["' OR '1'='1", '%', '', '\u0000', 'x'.repeat(100_000)]) assert.equal(store.find(id), undefined)
    }),
    promise('refuses a second key with the same name and keeps the first', (store) => {
      const first = key('a')
      store.add(first)
      const second = { ...key('b'), name: first.name }
      assert.throws(() => store.add(second), isCollision(`"${first.name}"`))
      assert.deepEqual([...store.list()], [first])
      assert.equal(store.find(second.id), undefined)
    }),
    promise('refuses a second key with the same id and keeps the first', (store) => {
      const first = key('a')
      store.add(first)
      assert.throws(() => store.add({ ...first, name: 'other', hash: 'f'.repeat(64) }), isCollision(`"${first.id}"`))
      assert.deepEqual(store.find(first.id), first)
    }),
    promise('is not changed by what is done to what it took or gave', (store) => {
      const roles = ['reader']
      const given = key('a', { roles })
      store.add(given)
      roles.push('admin')
      const found = store.find(given.id)?.roles as string[] | undefined
      try {
        found?.push('admin')
      } catch (thrown) {
        assert.ok(thrown instanceof TypeError)
      }
      assert.deepEqual(store.find(given.id)?.roles, ['reader'])
    }),
    ...rotationCases(promise),
    ...revocationCases(promise),
    ...useCases(promise),
  ]
}

type MakeCase = (name: string, check: (store: KeyStore) => void) => ContractCase

const DAY = (day: number): string => `2026-12-0${day}T00:00:00.000Z`

function rotationCases(promise: MakeCase): readonly ContractCase[] {
  const first = key('a', { tenant: 'acme', createdAt: DAY(1) })
  const next = (name: string, more: Partial<StoredKey> = {}): Rotation['key'] => ({
    ...key(name, { tenant: 'acme', createdAt: DAY(2), ...more }),
    name: first.name,
    clientId: first.id,
  })
  return [
    promise('gives a client a second key beside the first, which ends later', (store) => {
      store.add(first)
      const ended = store.rotate({ key: next('b'), endsAt: DAY(4) })
      assert.deepEqual([...ended], [{ ...first, revokedAt: DAY(4), revokedFor: 'rotated' }])
      assert.deepEqual(store.find(first.id), ended[0])
      assert.deepEqual(store.find(next('b').id), next('b'))
    }),
    promise('refuses a third valid key and then leaves everything as it was', (store) => {
      store.add(first)
      store.rotate({ key: next('b'), endsAt: DAY(4) })
      const before = store.list()
      assert.throws(
        () => store.rotate({ key: next('c', { createdAt: DAY(3) }), endsAt: DAY(5) }),
        isCollision('two valid'),
      )
      assert.deepEqual(store.list(), before)
      const ended = store.rotate({ key: next('d', { createdAt: DAY(3) }), endsAt: DAY(3) })
      assert.deepEqual(
        ended.map(({ revokedAt }) => revokedAt),
        [DAY(3), DAY(3)],
      )
    }),
    promise('replaces a key that has expired, but not one that is revoked', (store) => {
      store.add({ ...first, expiresAt: DAY(1) })
      store.rotate({ key: next('b'), endsAt: DAY(2) })
      store.revoke(next('b').id, { at: DAY(3) })
      assert.throws(
        () => store.rotate({ key: next('c', { createdAt: DAY(4) }), endsAt: DAY(5) }),
        (thrown: unknown) => thrown instanceof ToolgateError && thrown.code === 'NOT_CONFIGURED',
      )
      assert.equal(store.find(next('c').id), undefined)
    }),
    promise('keeps a name for one client alone until its last key is revoked', (store) => {
      store.add(first)
      store.rotate({ key: next('b'), endsAt: DAY(3) })
      const other = { ...key('z', { createdAt: DAY(4) }), name: first.name }
      assert.throws(() => store.add(other), isCollision(`"${first.name}"`))
      store.revoke(next('b').id, { at: DAY(4) })
      store.add(other)
      assert.deepEqual(store.find(other.id), other)
    }),
  ]
}

function revocationCases(promise: MakeCase): readonly ContractCase[] {
  const stored = key('a')
  return [
    promise('keeps a revoked key, with the time and the reason', (store) => {
      store.add(stored)
      const revoked = { ...stored, revokedAt: DAY(2), revokedFor: 'leaked in a log' }
      assert.deepEqual(store.revoke(stored.id, { at: DAY(2), reason: 'leaked in a log' }), revoked)
      assert.deepEqual(store.find(stored.id), revoked)
      assert.deepEqual([...store.list()], [revoked])
      assert.throws(() => store.add({ ...stored, name: 'other' }), isCollision(`"${stored.id}"`))
    }),
    promise('revokes once and for all, and sooner than a rotation would', (store) => {
      store.add({ ...stored, revokedAt: DAY(5), revokedFor: 'rotated' })
      assert.deepEqual(store.revoke(stored.id, { at: DAY(3) }), { ...stored, revokedAt: DAY(3) })
      assert.deepEqual(store.revoke(stored.id, { at: DAY(4), reason: 'again' }), { ...stored, revokedAt: DAY(3) })
      assert.equal(store.revoke('zzzzzzzzzzzz', { at: DAY(3) }), undefined)
    }),
    promise('forgets what was revoked before a time, and nothing else', (store) => {
      store.add({ ...stored, revokedAt: DAY(2) })
      store.add(key('b', { revokedAt: DAY(4) }))
      store.add(key('c', { expiresAt: DAY(1) }))
      assert.deepEqual(
        store.sweep(DAY(3)).map(({ id }) => id),
        [stored.id],
      )
      assert.deepEqual(
        store.list().map(({ name }) => name),
        ['b', 'c'],
      )
      assert.deepEqual([...store.sweep(DAY(3))], [])
    }),
  ]
}

function useCases(promise: MakeCase): readonly ContractCase[] {
  return [
    promise('notes when keys were used, never goes back and makes none up', (store) => {
      const [a, b] = [key('a'), key('b')]
      store.add(a)
      store.add(b)
      const notes = (at: string): ReadonlyMap<string, string> =>
        new Map([
          [a.id, at],
          ['zzzzzzzzzzzz', at],
        ])
      store.noteUses(notes(DAY(3)))
      store.noteUses(notes(DAY(2)))
      assert.deepEqual([...store.list()], [{ ...a, usedAt: DAY(3) }, b])
      store.noteUses(notes(DAY(4)))
      assert.equal(store.find(a.id)?.usedAt, DAY(4))
    }),
  ]
}

function key(name: string, more: Partial<StoredKey> = {}): StoredKey {
  return {
    id: name.padEnd(12, '0'),
    name,
    hash: '0123456789abcdef'.repeat(4),
    roles: ['reader'],
    createdAt: '2026-11-22T00:00:00.000Z',
    ...more,
  }
}

function isCollision(named: string): (thrown: unknown) => boolean {
  return (thrown) =>
    thrown instanceof ToolgateError &&
    thrown.code === 'NAME_COLLISION' &&
    thrown.message.includes(named) &&
    thrown.hint !== undefined
}
