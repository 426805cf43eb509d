import { execFile, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filesOfTrail, linesOfTrail, readTrail } from '../../test/fixtures/audit.ts'
import type { Observation } from '../observe/observation.ts'
import { takeLock } from '../storage/sqlite/take-lock.ts'
import { type AuditTrailSubject, auditTrailSuite } from '../testkit/audit-trail-suite.ts'
import { type AuditEntry, type AuditTrail, toEntry } from './audit-trail.ts'
import { type ChainAuditOptions, createChainAuditTrail } from './chain-audit-trail.ts'
import { openSigningKey } from './signing-key.ts'
import { parseNotes, type TrailReport, verifyTrail } from './verify-trail.ts'

const run = promisify(execFile)
let folder = ''
let directory = ''
let checkpoints = ''
const trails: AuditTrail[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-audit-'))
  directory = join(folder, 'storage', 'audit')
  checkpoints = join(folder, 'elsewhere', 'audit.checkpoints')
})
afterEach(async () => {
  for (const trail of trails.splice(0)) await trail.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A trail, what it observed, and a promise of the next observation of a type. */
function open(options: Partial<ChainAuditOptions> = {}): {
  trail: AuditTrail
  seen: Observation[]
  hear: (type: Observation['type']) => Promise<Observation>
} {
  const seen: Observation[] = []
  const waiting = new Map<string, (observation: Observation) => void>()
  const observer = (observation: Observation): void => {
    seen.push(observation)
    waiting.get(observation.type)?.(observation)
  }
  const openSigner = () => openSigningKey(join(folder, 'keys'))
  const given = { directory, checkpoints, mode: 'strict', segmentBytes: 1 << 25, takeLock, openSigner } as const
  const trail = createChainAuditTrail({ ...given, observer, ...options })
  trails.push(trail)
  return { trail, seen, hear: (type) => new Promise((resolve) => waiting.set(type, resolve)) }
}

const entry = (address: string, event: 'auth.refused' | 'call.decided' = 'auth.refused'): AuditEntry => ({
  ...toEntry({ time: '2026-11-22T00:00:00.000Z', event: 'auth.refused', reason: 'r', address, count: 1 }),
  event,
})

const addresses = (): string[] =>
  readTrail(directory).flatMap((record) => (record.event === 'auth.refused' ? [record.address] : []))
const events = (): string[] => readTrail(directory).map(({ event }) => event)
const range = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at))

function verify(): Promise<TrailReport> {
  const notes = existsSync(checkpoints) ? parseNotes(readFileSync(checkpoints, 'utf8')) : []
  return verifyTrail(directory, { key: openSigningKey(join(folder, 'keys')).publicKey, notes })
}

describe('an audit trail in chains keeps the contract', () => {
  const create = (): AuditTrailSubject => {
    const blocker = dirname(directory)
    return {
      trail: open().trail,
      read: () => (existsSync(directory) ? readTrail(directory) : []),
      spoil: () => {
        rmSync(blocker, { recursive: true, force: true })
        writeFileSync(blocker, 'a file where the folder should be')
      },
      mend: () => rmSync(blocker),
    }
  }
  for (const { name, run: check } of auditTrailSuite(create)) it(name, check)
})

describe('an audit trail in chains', () => {
  it('is not made before there is something to record', async () => {
    const { trail } = open()
    expect(trail.isWritable).toBe(true)
    await trail.flush()
    await trail.close()
    expect(readdirSync(folder)).toEqual([])
  })

  it('is for its owner alone, and so is the key that signs it', async () => {
    const { trail } = open()
    await trail.record(entry('a'))
    await trail.close()
    const modes = (at: string): number[] =>
      readdirSync(at, { recursive: true, encoding: 'utf8' })
        .map((name) => statSync(join(at, name)))
        .map((stats) => (stats.isDirectory() ? stats.mode & 0o077 : stats.mode & 0o177))
    expect(new Set([...modes(directory), ...modes(dirname(checkpoints))])).toEqual(new Set([0]))
    expect(statSync(join(folder, 'keys', 'audit.key')).mode & 0o777).toBe(0o600)
  })

  it('holds when it is verified, closed, and covered to its end', async () => {
    const { trail } = open()
    for (const name of range(2_500)) trail.append(entry(name))
    trail.append(toEntry({ time: '2026-11-22T00:00:00.000Z', event: 'lifecycle.stopped' }))
    await trail.close()
    const report = await verify()
    expect(report).toMatchObject({ isSound: true, chains: [{ isClosed: true, uncovered: 0, tornBytes: 0 }] })
    expect(events().filter((event) => event === 'checkpoint').length).toBeGreaterThanOrEqual(3)
    expect(parseNotes(readFileSync(checkpoints, 'utf8')).length).toBe(events().filter((e) => e === 'checkpoint').length)
  })

  it('is one plain line a record, whatever stands in it', async () => {
    const { trail } = open()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => trail.append(entry(text))),
      { numRuns: 500 },
    )
    await trail.close()
    for (const line of linesOfTrail(directory)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
      expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
    }
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('goes on in the chain of the process before', async () => {
    for (const name of ['a', 'b', 'c']) {
      const { trail } = open()
      await trail.record(entry(name))
      await trail.close()
    }
    expect(addresses()).toEqual(['a', 'b', 'c'])
    expect(readdirSync(directory)).toHaveLength(1)
    expect(readTrail(directory).map(({ seq }) => seq)).toEqual([...events().keys()])
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('has a chain for each process that writes at the same time', async () => {
    const [one, other] = [open().trail, open().trail]
    await Promise.all([one.record(entry('one')), other.record(entry('other'))])
    expect(readdirSync(directory)).toHaveLength(2)
    await Promise.all([one.close(), other.close()])
    expect(await verify()).toMatchObject({ isSound: true, chains: [{}, {}] })
  })

  it('begins a new segment when one is long enough, and introduces a subject in each', async () => {
    const { trail } = open({ segmentBytes: 2_000 })
    const subject = { subject: 's_ann', sealed: 'x' }
    for (const name of range(20)) await trail.record({ ...entry(name), subject })
    await trail.close()
    const files = filesOfTrail(directory)
    expect(files.length).toBeGreaterThan(2)
    for (const file of files) {
      const [first, ...rest] = readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      expect(first).toMatchObject({ event: 'checkpoint', size: first.seq })
      expect(rest.filter(({ event }) => event === 'subject.introduced').length).toBeLessThanOrEqual(1)
    }
    const introduced = events().filter((event) => event === 'subject.introduced')
    expect(introduced.length).toBeGreaterThan(1)
    expect(await verify()).toMatchObject({ isSound: true })
    const { trail: next } = open({ segmentBytes: 2_000 })
    await next.record(entry('after'))
    await next.close()
    expect(addresses()).toEqual([...range(20), 'after'])
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it.each([
    ['half a record', '{"v":1,"seq":3,"time":"2026-'],
    ['a whole line of nothing', `${'\0'.repeat(300)}\n`],
  ])('puts aside %s that a dying process left, says so, and goes on', async (_, torn) => {
    const before = open().trail
    await before.record(entry('a'))
    await before.close()
    const [file = ''] = filesOfTrail(directory)
    appendFileSync(file, torn)
    const { trail, seen } = open()
    await trail.record(entry('b'))
    await trail.close()
    expect(addresses()).toEqual(['a', 'b'])
    expect(readTrail(directory).find(({ event }) => event === 'gap')).toMatchObject({
      reason: 'torn',
      bytes: torn.length,
    })
    expect(seen).toMatchObject([
      { type: 'warning', message: expect.stringContaining(`${torn.length} unfinished bytes`) },
    ])
    expect(readdirSync(dirname(file)).some((name) => name.endsWith('.torn'))).toBe(true)
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('goes on when the process died while it began a segment', async () => {
    const before = open().trail
    await before.record(entry('a'))
    await before.close()
    const [file = ''] = filesOfTrail(directory)
    writeFileSync(join(dirname(file), '000000000003.jsonl'), '{"v":1,"seq":3,"ti')
    const { trail } = open()
    await trail.record(entry('b'))
    await trail.close()
    expect(addresses()).toEqual(['a', 'b'])
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('does not go on in a chain that somebody changed, so that the change stays to be seen', async () => {
    const before = open().trail
    for (const name of ['a', 'b', 'c']) await before.record(entry(name))
    await before.close()
    const [file = ''] = filesOfTrail(directory)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"address":"a"', '"address":"x"'))
    const { trail, seen } = open()
    await trail.record(entry('d'))
    await trail.close()
    expect(readdirSync(directory)).toHaveLength(2)
    expect(seen).toMatchObject([{ type: 'warning', message: expect.stringContaining('was changed') }])
    const report = await verify()
    expect(report.isSound).toBe(false)
    expect(report.chains.flatMap(({ finding }) => finding ?? [])).toMatchObject([{ kind: 'edited', seq: 1 }])
  })

  it('begins a new segment when the one it writes is moved away', async () => {
    const { trail, seen } = open()
    await trail.record(entry('a'))
    for (const file of filesOfTrail(directory)) rmSync(file)
    await trail.record(entry('b'))
    expect(addresses()).toEqual(['b'])
    expect(seen).toMatchObject([{ type: 'warning', message: expect.stringContaining('moved away') }])
    await trail.close()
    expect(await verify()).toMatchObject({ isSound: false, chains: [{ finding: { kind: 'missing', seq: 0 } }] })
  })

  it('says once that it cannot be written, refuses until it can, and says that too', async () => {
    mkdirSync(dirname(directory), { recursive: true })
    writeFileSync(directory, '')
    const { trail, seen, hear } = open()
    await expect(trail.record(entry('ended'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    for (const name of range(100)) {
      await expect(trail.record(entry(name, 'call.decided'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    }
    expect(seen).toEqual([{ type: 'fault', message: expect.stringContaining(directory), cause: expect.any(Error) }])
    const told = hear('warning')
    rmSync(directory)
    expect(await told).toMatchObject({ details: { lost: 0 } })
    expect(trail.isWritable).toBe(true)
    await trail.record(entry('after'))
    expect(addresses()).toEqual(['ended', 'after'])
    expect(seen).toHaveLength(2)
  })

  it('keeps 20,000 records while it cannot be written, and then tells how many more there were', async () => {
    mkdirSync(dirname(directory), { recursive: true })
    writeFileSync(directory, '')
    const { trail } = open({ clock: () => 0 })
    await expect(trail.record(entry('x'))).rejects.toThrow()
    for (const name of range(20_006)) trail.append(entry(name))
    rmSync(directory)
    await trail.close()
    expect(addresses()).toHaveLength(20_000)
    const gap = readTrail(directory).find(({ event }) => event === 'gap')
    expect(gap).toMatchObject({ reason: 'unwritable', since: '1970-01-01T00:00:00.000Z', lost: 7 })
    expect(trail.lostRecords).toBe(7)
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('lets calls go on where that is asked for, and leaves a mark of it in the trail', async () => {
    mkdirSync(dirname(directory), { recursive: true })
    writeFileSync(directory, '')
    const { trail, hear } = open({ mode: 'best-effort' })
    expect(trail.record(entry('a'))).toBeUndefined()
    await expect(trail.flush()).rejects.toThrow()
    expect(trail.isWritable).toBe(true)
    const told = hear('warning')
    rmSync(directory)
    await told
    await trail.flush()
    expect(addresses()).toEqual(['a'])
    expect(events()).toContain('gap')
  })

  it('observes that checkpoints cannot be kept elsewhere, and goes on', async () => {
    writeFileSync(dirname(checkpoints), 'a file where the folder should be')
    const { trail, hear } = open()
    const told = hear('fault')
    await trail.record(entry('a'))
    expect(await told).toMatchObject({ message: expect.stringContaining('checkpoints') })
    await trail.record(entry('b'))
    rmSync(dirname(checkpoints))
    await trail.close()
    expect(parseNotes(readFileSync(checkpoints, 'utf8'))).toHaveLength(2)
  })
})

const href = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
const inNode = (script: string, ...values: string[]): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  '--input-type=module',
  '--eval',
  `const { createChainAuditTrail } = await import(${href('./chain-audit-trail.ts')})
  const { openSigningKey } = await import(${href('./signing-key.ts')})
  const { takeLock } = await import(${href('../storage/sqlite/take-lock.ts')})
  const [root, directory, checkpoints] = process.argv.slice(1)
  const open = (more) => createChainAuditTrail({ directory, checkpoints, mode: 'strict', segmentBytes: 200000, takeLock,
    openSigner: () => openSigningKey(root + '/keys'), ...more })
  const entry = (address, event = 'auth.refused') => ({ event, members: '"time":"2026-11-22T00:00:00.000Z","event":"auth.refused","reason":"r","address":"' + address + '","count":1' })
  ${script}`,
  ...values,
]

describe('a process with an audit trail', () => {
  it.each([
    ['ends', ''],
    ['calls process.exit', 'process.exit()'],
    ['dies of an error', 'throw new Error("boom")'],
  ])('that %s leaves every record behind', async (_, end) => {
    const script = `
      const trail = open()
      for (let at = 0; at < 3000; at += 1) trail.append(entry(at))
      ${end}`
    await run(process.execPath, inNode(script, folder, directory, checkpoints)).catch(() => undefined)
    expect(addresses()).toEqual(range(3_000))
    expect(await verify()).toMatchObject({ isSound: true })
  })

  it('that is killed while 32 write leaves every record that it acknowledged', { timeout: 120_000 }, async () => {
    const script = `
      const trail = open()
      const { openSync, writeSync } = await import('node:fs')
      const told = openSync(root + '/acknowledged', 'a')
      let count = 0
      const write = async (name) => {
        for (let at = 0; ; at += 1) {
          await trail.record(entry(name + '.' + at))
          writeSync(told, name + '.' + at + '\\n')
          if ((count += 1) === Number(process.argv[4])) process.kill(process.pid, 'SIGKILL')
        }
      }
      for (let name = 0; name < 32; name += 1) void write(name)`
    for (const after of ['1', '77', '500', '1500', '2001']) {
      await run(process.execPath, inNode(script, folder, directory, checkpoints, after)).catch(() => undefined)
    }
    const acknowledged = readFileSync(join(folder, 'acknowledged'), 'utf8').trim().split('\n')
    const { trail } = open()
    await trail.record(entry('after'))
    await trail.close()
    const there = new Map<string, number>()
    for (const name of addresses()) there.set(name, (there.get(name) ?? 0) + 1)
    const wanted = new Map<string, number>()
    for (const name of acknowledged) wanted.set(name, (wanted.get(name) ?? 0) + 1)
    for (const [name, count] of wanted) expect(there.get(name)).toBeGreaterThanOrEqual(count)
    expect(acknowledged.length).toBeGreaterThanOrEqual(4_000)
    expect(readdirSync(directory)).toHaveLength(1)
    expect(await verify()).toMatchObject({ isSound: true })
  })
})

const UNSHARE = '/usr/bin/unshare'
/** Whether a process here may have a small disk of its own, which goes away with it. */
const mountsTmpfs = (): boolean =>
  process.platform === 'linux' &&
  spawnSync(UNSHARE, ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()], { stdio: 'ignore' }).status === 0

describe.skipIf(!mountsTmpfs())('on a disk that gets full (needs unshare and mount of a tmpfs)', () => {
  it('no half line is ever left, calls are refused, and it goes on by itself when there is room', async () => {
    const disk = join(folder, 'disk')
    mkdirSync(disk)
    const script = `
      const { readdirSync, readFileSync, rmSync, writeFileSync, cpSync } = await import('node:fs')
      const alive = setInterval(() => {}, 1000)
      let tell = () => {}
      const heard = (type) => new Promise((resolve) => { tell = (each) => each.type === type && resolve(each) })
      const trail = open({ directory: directory + '/audit', observer: (each) => tell(each) })
      const text = () => readdirSync(directory + '/audit', { recursive: true }).filter((name) => name.endsWith('.jsonl')).sort()
        .map((name) => readFileSync(directory + '/audit/' + name, 'utf8')).join('')
      await trail.record(entry('first'))
      try { writeFileSync(directory + '/filler', Buffer.alloc(4 << 20)) } catch {}
      const full = heard('fault')
      const refused = []
      let written = 0
      for (let at = 0; refused.length === 0 && at < 1000; at += 1) {
        await trail.record(entry('x'.repeat(3000))).then(() => { written += 1 }, (cause) => refused.push(cause.code))
      }
      const { cause } = await full
      const isWhole = text().endsWith('\\n')
      await trail.record(entry('never', 'call.decided')).catch((cause) => refused.push(cause.code))
      const again = heard('warning')
      rmSync(directory + '/filler')
      await again
      await trail.record(entry('last'))
      await trail.close()
      cpSync(directory + '/audit', root + '/copy', { recursive: true })
      clearInterval(alive)
      console.log(JSON.stringify({ cause: cause.code, refused, isWhole, written }))`
    const node = [process.execPath, ...inNode(script, folder, disk, checkpoints)]
    const mount = `mount -t tmpfs -o size=1m none ${disk} && exec "$@"`
    const { stdout } = await run(UNSHARE, ['-rm', 'sh', '-c', mount, 'sh', ...node])
    const facts = JSON.parse(stdout)
    expect(facts).toMatchObject({ cause: 'ENOSPC', refused: ['AUDIT_UNAVAILABLE', 'AUDIT_UNAVAILABLE'], isWhole: true })
    directory = join(folder, 'copy')
    expect(addresses()).toHaveLength(facts.written + 3)
    expect(addresses().at(-1)).toBe('last')
    expect(await verify()).toMatchObject({ isSound: true })
  })
})
