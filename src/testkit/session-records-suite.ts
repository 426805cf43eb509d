import assert from 'node:assert/strict'
import type { SessionRecord, SessionRecords } from '../storage/session-records.ts'
import type { ContractCase } from './contract-case.ts'

/** The contract of `SessionRecords`, as tests. `create` makes an empty store for each. */
export function sessionRecordsSuite(create: () => SessionRecords | Promise<SessionRecords>): readonly ContractCase[] {
  const promise = (name: string, check: (records: SessionRecords) => Promise<void>): ContractCase => ({
    name,
    run: async () => check(await create()),
  })
  return [
    promise('is empty at first', async (records) => {
      assert.equal(await records.find('a'), undefined)
      assert.equal(await records.touch('a', 1), undefined)
      assert.equal(await records.replace(record('a', { revision: 1 })), false)
      await records.remove('a')
      await records.removeExpired(0)
    }),
    promise('gives back a record as it was added, and only under its id', async (records) => {
      const odd = record(`'; DROP TABLE sessions; -- \n ключ 🔑`, { data: '{"text":"\\u0000 🔑"}', principalId: '%' })
      for (const each of [record('a'), odd]) await records.add(each)
      assert.deepEqual({ ...(await records.find('a')) }, record('a'))
      assert.deepEqual({ ...(await records.find(odd.id)) }, odd)
      for (const id of ['A', '%', '*', '', "' OR '1'='1"]) assert.equal(await records.find(id), undefined)
    }),
    promise('replaces a record only by its next revision', async (records) => {
      await records.add(record('a'))
      assert.equal(await records.replace(record('a', { revision: 1, data: 'second' })), true)
      assert.equal(await records.replace(record('a', { revision: 1, data: 'late' })), false)
      assert.equal(await records.replace(record('a', { revision: 3, data: 'early' })), false)
      assert.equal((await records.find('a'))?.data, 'second')
    }),
    promise('lets one of two changes through that were made at once', async (records) => {
      await records.add(record('a'))
      const changes = ['one', 'two'].map(async (data) => records.replace(record('a', { revision: 1, data })))
      assert.deepEqual((await Promise.all(changes)).sort(), [false, true])
    }),
    promise('moves the end of a record onward, never back, and says what it is now', async (records) => {
      await records.add(record('a', { expiresAt: LATER }))
      assert.equal((await records.touch('a', LATER + 1))?.expiresAt, LATER + 1)
      assert.deepEqual({ ...(await records.touch('a', LATER)) }, record('a', { expiresAt: LATER + 1 }))
      assert.equal(await records.replace(record('a', { revision: 1, expiresAt: LATER })), true)
      assert.equal((await records.find('a'))?.expiresAt, LATER + 1)
    }),
    promise('removes a record for good, whatever comes late', async (records) => {
      await records.add(record('a'))
      await records.add(record('b'))
      await records.remove('a')
      assert.equal(await records.find('a'), undefined)
      assert.equal(await records.touch('a', LATER), undefined)
      assert.equal(await records.replace(record('a', { revision: 1 })), false)
      assert.equal(await records.find('a'), undefined)
      assert.notEqual(await records.find('b'), undefined)
    }),
    promise('keeps what has not expired', async (records) => {
      await records.add(record('a', { expiresAt: LATER }))
      await records.removeExpired(LATER - 1)
      assert.notEqual(await records.find('a'), undefined)
    }),
    promise('tells who watches of changes and removals, until it stops', async (records) => {
      await records.add(record('a'))
      const told: string[] = []
      let tell = (): void => {}
      const heard = (): Promise<void> => new Promise((resolve) => (tell = resolve))
      const stop = records.watch((id) => {
        told.push(id)
        tell()
      })
      const changed = heard()
      await records.replace(record('a', { revision: 1 }))
      await changed
      const removed = heard()
      await records.remove('a')
      await removed
      assert.deepEqual(told, ['a', 'a'])
      stop()
      await records.add(record('b'))
      await records.remove('b')
      assert.deepEqual(told, ['a', 'a'])
    }),
  ]
}

/** Far enough ahead for a store that lets records expire by its own clock. */
const LATER = 4_102_444_800_000

function record(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return { id, principalId: 'key:ann', expiresAt: LATER, revision: 0, data: '{}', ...more }
}
