import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type ReplayStoreSubject, replayStoreSuite } from '../testkit/replay-store-suite.ts'
import { createMemoryReplayStore } from './memory/replay-store.ts'
import { openReplayStore } from './open-replay-store.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

function makeFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'toolgate-replay-'))
  closing.push(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

function open(directory: string, clock: () => number = () => 0): ReturnType<typeof openReplayStore> {
  const store = openReplayStore({ directory, driver: 'libsql' }, clock)
  closing.unshift(() => store.close())
  return store
}

describe('used proofs in memory keep the contract', () => {
  const create = (): ReplayStoreSubject => {
    let now = 0
    const set = (next: number): void => {
      now = next
    }
    const store = createMemoryReplayStore(() => now)
    return { one: store, other: store, setClock: set }
  }
  for (const { name, run } of replayStoreSuite(create)) it(name, run)
})

describe('used proofs in storage keep the contract', () => {
  const create = (): ReplayStoreSubject => {
    const directory = makeFolder()
    let now = 0
    const set = (next: number): void => {
      now = next
    }
    return {
      one: open(directory, () => now),
      other: open(directory, () => now),
      setClock: set,
    }
  }
  for (const { name, run } of replayStoreSuite(create)) it(name, run)

  it('and outlast the process', async () => {
    const directory = makeFolder()
    const before = open(directory)
    expect(await before.use('k', 'ann', 1_000)).toBe(true)
    before.close()
    expect(await open(directory).use('k', 'ann', 1_000)).toBe(false)
  })
})
