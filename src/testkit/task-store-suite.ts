import assert from 'node:assert/strict'
import type { StoredTask, TaskLimits, TaskStore } from '../storage/task-store.ts'
import type { ContractCase } from './contract-case.ts'

/** The contract of `TaskStore`, as tests. `create` makes an empty store for each. */
export function taskStoreSuite(create: () => TaskStore | Promise<TaskStore>): readonly ContractCase[] {
  const promise = (name: string, check: (store: TaskStore) => void): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('is empty at first', (store) => {
      assert.equal(store.find('a'), undefined)
      assert.deepEqual(store.ids('key:ann', 0), [])
      assert.equal(store.replace(task('a', { revision: 1 })), false)
      store.remove('a')
      store.removeExpired(0)
    }),
    promise('gives back a task as it was added, and only under its id', (store) => {
      const odd = task(`'; DROP TABLE tasks; -- \n ключ 🔑`, { data: '{"text":"\\u0000 🔑"}', principalId: '%' })
      for (const each of [task('a'), odd]) assert.equal(store.add(each, limits()), true)
      assert.deepEqual({ ...store.find('a') }, task('a'))
      assert.deepEqual({ ...store.find(odd.id) }, odd)
      for (const id of ['A', '%', '', "' OR '1'='1"]) assert.equal(store.find(id), undefined)
    }),
    promise('tells the ids of one principal, in order, without what has expired', (store) => {
      for (const id of ['b', 'a', 'c']) store.add(task(id), limits())
      store.add(task('old', { expiresAt: 100 }), limits())
      store.add(task('x', { principalId: 'key:bob' }), limits())
      assert.deepEqual(store.ids('key:ann', 100), ['a', 'b', 'c'])
      assert.deepEqual(store.ids('key:ann', 99), ['a', 'b', 'c', 'old'])
      assert.deepEqual(store.ids('key:bob', 100), ['x'])
      assert.deepEqual(store.ids('%', 0), [])
    }),
    promise('replaces a task only by its next revision', (store) => {
      store.add(task('a'), limits())
      assert.equal(store.replace(task('a', { revision: 1, data: 'second' })), true)
      assert.equal(store.replace(task('a', { revision: 1, data: 'late' })), false)
      assert.equal(store.replace(task('a', { revision: 3, data: 'early' })), false)
      assert.equal(store.find('a')?.data, 'second')
    }),
    promise('keeps no more than there is room for, in all and per principal', (store) => {
      const narrow = limits({ max: 3, maxPerPrincipal: 2 })
      assert.equal(store.add(task('a', { principalId: 'ann' }), narrow), true)
      assert.equal(store.add(task('b', { principalId: 'ann' }), narrow), true)
      assert.equal(store.add(task('c', { principalId: 'ann' }), narrow), false)
      assert.equal(store.add(task('d', { principalId: 'bob' }), narrow), true)
      assert.equal(store.add(task('e', { principalId: 'eve' }), narrow), false)
      assert.equal(store.find('c'), undefined)
      store.remove('a')
      assert.equal(store.add(task('c', { principalId: 'ann' }), narrow), true)
    }),
    promise('makes room by removing what has expired, and nothing that has not', (store) => {
      const narrow = { max: 2, maxPerPrincipal: 2 }
      store.add(task('old', { expiresAt: 100 }), limits(narrow))
      store.add(task('new', { expiresAt: 101 }), limits(narrow))
      assert.equal(store.add(task('next'), limits({ ...narrow, now: 99 })), false)
      assert.equal(store.add(task('next'), limits({ ...narrow, now: 100 })), true)
      assert.equal(store.find('old'), undefined)
      assert.notEqual(store.find('new'), undefined)
      store.removeExpired(101)
      assert.equal(store.find('new'), undefined)
      assert.notEqual(store.find('next'), undefined)
    }),
  ]
}

function task(id: string, more: Partial<StoredTask> = {}): StoredTask {
  return { id, principalId: 'key:ann', expiresAt: 1_800_000_000_000, revision: 0, data: '{}', ...more }
}

function limits(more: Partial<TaskLimits> = {}): TaskLimits {
  return { max: 100, maxPerPrincipal: 100, now: 0, ...more }
}
