import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Sketch } from '../observe/sketch.ts'
import { usageStoreSuite } from '../testkit/usage-store-suite.ts'
import { openUsageStore } from './open-usage-store.ts'
import { openDatabase } from './sqlite/open-database.ts'
import type { UsageRow, UsageStore } from './usage-store.ts'

const run = promisify(execFile)
const START = 1_800_000_000_000
const range = { stepMs: 60_000, from: 0, to: START * 2, limit: 1_000 }
let folder = ''
const opened: { close(): void | Promise<void> }[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-usage-'))
})
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(name = 'storage'): UsageStore {
  const store = openUsageStore({ directory: join(folder, name), driver: 'libsql' })
  opened.push(store)
  return store
}

function row(tool: string, ...durations: readonly number[]): UsageRow {
  const sketch = new Sketch()
  for (const each of durations) sketch.add(each)
  return { stepMs: 60_000, start: START, tool, client: 'ann', status: 'ok', sketch }
}

describe('the use of tools in SQLite keeps the contract with libsql', () => {
  let count = 0
  const create = (): UsageStore => {
    count += 1
    return open(String(count))
  }
  for (const { name, run: check } of usageStoreSuite(create)) it(name, check)
})

describe('the use of tools in storage', () => {
  it('makes nothing by being read or tidied', async () => {
    const store = open()
    expect(await store.read(range)).toEqual([])
    expect(await store.tidy({ fineFrom: START, coarseFrom: START, maxRows: 1, limit: 10 })).toBe(false)
    expect(existsSync(join(folder, 'storage'))).toBe(false)
  })

  it('is there after a restart, in the one file that is for its owner alone', async () => {
    await open().add([row('a', 1, 2)])
    for (const each of opened.splice(0)) await each.close()
    expect((await open().read(range))[0]?.sketch.count).toBe(2)
    expect(statSync(join(folder, 'storage', 'toolgate.db')).mode & 0o777).toBe(0o600)
  })

  it('of several processes adds up, and none overwrites what another one wrote', async () => {
    const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
    const script = `
      import { openUsageStore } from ${href('./open-usage-store.ts')}
      import { Sketch } from ${href('../observe/sketch.ts')}
      const store = openUsageStore({ directory: ${JSON.stringify(join(folder, 'storage'))}, driver: 'libsql' })
      const sketch = new Sketch()
      sketch.add(Number(process.argv[1]))
      let written = 0
      while (written < 100) {
        try {
          store.add([{ stepMs: 60000, start: ${START}, tool: 'a', client: 'ann', status: 'ok', sketch }])
          written += 1
        } catch (error) {
          if (error.code !== 'STORAGE_FAILED') throw error
        }
      }`
    const flags = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]
    await open().add([row('a', 5)])
    await Promise.all(['10', '1000'].map((duration) => run(process.execPath, [...flags, duration])))
    const [sum] = await open().read(range)
    expect(sum?.sketch.count).toBe(201)
    const expected = new Sketch()
    for (let at = 0; at < 100; at += 1) for (const duration of [10, 1_000]) expected.add(duration)
    expected.add(5)
    expect(sum?.sketch.encode()).toBe(expected.encode())
  })

  it('is written whole or not at all', async () => {
    const store = open()
    await store.add([row('a', 1)])
    const broken: UsageRow = { ...row('b', 1), start: 1.5 }
    await expect(async () => store.add([row('a', 1), broken])).rejects.toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED' }),
    )
    expect((await store.read(range)).map(({ tool, sketch }) => [tool, sketch.count])).toEqual([['a', 1]])
  })

  it('takes a damaged sketch for an empty one, and goes on', async () => {
    await open().add([row('a', 1)])
    const database = openDatabase(join(folder, 'storage', 'toolgate.db'), 'libsql')
    database.exec(`UPDATE usage SET sketch = 'nonsense'`)
    database.close()
    expect((await open().read(range))[0]?.sketch.count).toBe(0)
    await open().add([row('a', 1)])
    expect((await open().read(range))[0]?.sketch.count).toBe(1)
  })
})
