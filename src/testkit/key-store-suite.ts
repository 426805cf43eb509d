import assert from 'node:assert/strict'
import { ToolgateError } from '../errors.ts'
import type { KeyStore, StoredKey } from '../storage/key-store.ts'
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
