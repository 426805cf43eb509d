import assert from 'node:assert/strict'
import { Sketch } from '../observe/sketch.ts'
import { USAGE_STEPS, type UsageKept, type UsageRow, type UsageStore } from '../storage/usage-store.ts'
import type { ContractCase } from './contract-case.ts'

const { fineMs, coarseMs } = USAGE_STEPS
/** A whole hour. */
const HOUR = 1_800_000_000_000 - (1_800_000_000_000 % 3_600_000)

/** The contract of `UsageStore`, as tests. `create` makes an empty store for each. */
export function usageStoreSuite(create: () => UsageStore | Promise<UsageStore>): readonly ContractCase[] {
  const promise = (name: string, check: (store: UsageStore) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const store = await create()
      try {
        await check(store)
      } finally {
        await store.close()
      }
    },
  })
  return [
    promise('is empty at first', async (store) => {
      assert.deepEqual(await all(store), [])
      assert.equal(await store.tidy(kept()), false)
      await store.add([])
      assert.deepEqual(await all(store), [])
    }),
    promise('gives back rows as they were added, whatever they are called', async (store) => {
      const odd = { tool: `'; DROP TABLE usage; -- \n ключ 🔑`, client: '%', status: "' OR '1'='1" }
      await store.add([row(odd, 5, 700), row({ client: '' }, 1)])
      const read = await all(store)
      assert.deepEqual(read.map(shown), [shown(row(odd, 5, 700)), shown(row({ client: '' }, 1))])
    }),
    promise('adds to what there is, by step, start, tool, client and status', async (store) => {
      const others = [{ start: HOUR + fineMs }, { tool: 'u' }, { client: 'bob' }, { status: 'other' }]
      await store.add([row({}, 1, 2), ...others.map((other) => row(other, 9))])
      await store.add([row({}, 3), row({}, 4)])
      await store.add([row({ stepMs: coarseMs }, 8)])
      const read = await all(store)
      assert.equal(read.length, 6)
      assert.deepEqual(read.map(shown).slice(0, 1), [shown(row({}, 1, 2, 3, 4))])
      assert.equal(
        read.reduce((sum, { sketch }) => sum + sketch.count, 0),
        9,
      )
    }),
    promise('does not keep what it was given in a form that others can change', async (store) => {
      const mine = row({}, 1)
      await store.add([mine])
      mine.sketch.add(2)
      assert.equal((await all(store))[0]?.sketch.count, 1)
    }),
    promise('reads a range page by page, in order', async (store) => {
      const names = ['b', 'a', 'B', 'é', 'z']
      await store.add([0, 1, 2].flatMap((at) => names.map((tool) => row({ tool, start: HOUR + at * fineMs }, at))))
      const range = { stepMs: fineMs, from: HOUR + fineMs, to: HOUR + 2 * fineMs }
      const whole = (await store.read({ ...range, limit: 100 })).map(shown)
      assert.deepEqual(
        whole.map(({ tool }) => tool),
        ['B', 'a', 'b', 'z', 'é'],
      )
      const paged: UsageRow[] = []
      for (let page = await store.read({ ...range, limit: 2 }); page.length > 0; ) {
        assert.ok(page.length <= 2)
        paged.push(...page)
        const after = paged.at(-1)
        page = await store.read({ ...range, limit: 2, ...(after === undefined ? {} : { after }) })
      }
      assert.deepEqual(paged.map(shown), whole)
    }),
    ...tidying(promise),
  ]
}

function tidying(promise: (name: string, check: (store: UsageStore) => Promise<void>) => ContractCase): ContractCase[] {
  return [
    promise('makes quarters of an hour of old minutes and loses no call', async (store) => {
      await store.add([0, 14, 15, 16].map((at) => row({ start: HOUR + at * fineMs }, at, 100)))
      await tidy(store, kept({ fineFrom: HOUR + 16 * fineMs }))
      assert.deepEqual((await all(store)).map(shown), [
        shown(row({ start: HOUR + 16 * fineMs }, 16, 100)),
        shown(row({ stepMs: coarseMs, start: HOUR }, 0, 100, 14, 100)),
        shown(row({ stepMs: coarseMs, start: HOUR + coarseMs }, 15, 100)),
      ])
      await store.add([row({ start: HOUR }, 7)])
      await tidy(store, kept({ fineFrom: HOUR + 16 * fineMs }))
      assert.equal((await all(store))[1]?.sketch.count, 5)
    }),
    promise('removes what is too old, minutes as well as quarters', async (store) => {
      await store.add([row({ stepMs: coarseMs, start: HOUR }, 1), row({ stepMs: coarseMs, start: HOUR + coarseMs }, 1)])
      await store.add([row({ start: HOUR }, 1), row({ start: HOUR + 20 * fineMs }, 1)])
      await tidy(store, kept({ fineFrom: HOUR + 2 * coarseMs, coarseFrom: HOUR + coarseMs }))
      assert.deepEqual((await all(store)).map(shown), [shown(row({ stepMs: coarseMs, start: HOUR + coarseMs }, 1, 1))])
    }),
    promise('keeps no more rows than it may, and the newest', async (store) => {
      await store.add([row({ stepMs: coarseMs, start: HOUR - coarseMs }, 1)])
      await store.add(Array.from({ length: 20 }, (_, at) => row({ start: HOUR + at * fineMs }, 1)))
      await tidy(store, kept({ maxRows: 5 }))
      const read = await all(store)
      assert.deepEqual(
        read.map(({ start }) => (start - HOUR) / fineMs),
        [15, 16, 17, 18, 19],
      )
    }),
    promise('works in parts, and says when there is more to do', async (store) => {
      await store.add(Array.from({ length: 10 }, (_, at) => row({ start: HOUR + at * fineMs }, 1)))
      assert.equal(await store.tidy(kept({ fineFrom: HOUR + coarseMs, limit: 4 })), true)
      const read = await all(store)
      assert.equal(read.filter(({ stepMs }) => stepMs === fineMs).length, 6)
      assert.equal(
        read.reduce((sum, { sketch }) => sum + sketch.count, 0),
        10,
      )
    }),
  ]
}

async function tidy(store: UsageStore, how: UsageKept): Promise<void> {
  for (let turn = 0; await store.tidy(how); turn += 1) assert.ok(turn < 100, 'there is always more to do')
}

async function all(store: UsageStore): Promise<readonly UsageRow[]> {
  const range = { from: 0, to: HOUR * 2, limit: 1_000 }
  return [...(await store.read({ ...range, stepMs: fineMs })), ...(await store.read({ ...range, stepMs: coarseMs }))]
}

function shown({ sketch, ...key }: UsageRow): Omit<UsageRow, 'sketch'> & { readonly durations: string } {
  return { ...key, durations: sketch.encode() }
}

function row(more: Partial<UsageRow>, ...durations: readonly number[]): UsageRow {
  const sketch = new Sketch()
  for (const each of durations) sketch.add(each)
  return { stepMs: fineMs, start: HOUR, tool: 't', client: 'ann', status: 'ok', sketch, ...more }
}

function kept(more: Partial<UsageKept> = {}): UsageKept {
  return { fineFrom: 0, coarseFrom: 0, maxRows: 1_000, limit: 3, ...more }
}
