import { execFile, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import { type AuditTrailSubject, auditTrailSuite } from '../testkit/audit-trail-suite.ts'
import type { AuditRecord, AuditTrail } from './audit-trail.ts'
import { createFileAuditTrail, type FileAuditOptions } from './file-audit-trail.ts'

const run = promisify(execFile)
let folder = ''
let file = ''
const trails: AuditTrail[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-audit-'))
  file = join(folder, 'storage', 'audit.jsonl')
})
afterEach(async () => {
  for (const trail of trails.splice(0)) await trail.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A trail, what it observed, and a promise of the next observation of a type. */
function open(options: Partial<FileAuditOptions> = {}): {
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
  const trail = createFileAuditTrail({ file, onFailure: 'refuse', observer, ...options })
  trails.push(trail)
  return { trail, seen, hear: (type) => new Promise((resolve) => waiting.set(type, resolve)) }
}

const record = (callId: string): AuditRecord => ({
  time: '2026-11-22T00:00:00.000Z',
  callId,
  principal: 'local',
  principalName: 'local',
  roles: [],
  transport: 'stdio',
  era: 'legacy',
  method: 'tools/call',
  name: 'get_current_date',
  decision: 'permit',
  rule: 'role reader: allow everything',
  status: 'ok',
  durationMs: 1,
})

const lines = (): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const read = (): (AuditRecord & { type?: string; lost?: number })[] => lines().map((line) => JSON.parse(line))
const ids = (): string[] => read().map(({ callId }) => callId)

describe('an audit trail in a file keeps the contract', () => {
  const create = (): AuditTrailSubject => {
    const blocker = dirname(file)
    return {
      trail: open().trail,
      read: () => (existsSync(file) ? read() : []),
      spoil: () => {
        rmSync(blocker, { recursive: true, force: true })
        writeFileSync(blocker, 'a file where the folder should be')
      },
      mend: () => rmSync(blocker),
    }
  }
  for (const { name, run: check } of auditTrailSuite(create)) it(name, check)
})

describe('an audit trail in a file', () => {
  it('is not made before it is asked for', async () => {
    const { trail } = open()
    await trail.flush()
    await trail.close()
    expect(existsSync(dirname(file))).toBe(false)
  })

  it('is for its owner alone', () => {
    expect(open().trail.isWritable).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
  })

  it('is one line a record, whatever stands in it', async () => {
    const text = fc.string({ unit: 'binary' })
    const { trail } = open()
    const written: AuditRecord[] = []
    fc.assert(
      fc.property(text, text, text, (callId, name, rule) => {
        const each = { ...record(callId), name, rule, roles: [rule], tenant: name }
        // JSON says a lone half of a pair as it is; only then is what comes back what was given.
        written.push(JSON.parse(JSON.stringify(each)))
        trail.append(each)
      }),
      { numRuns: 500 },
    )
    await trail.flush()
    expect(read()).toEqual(written)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
    for (const line of lines()) expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/)
  })

  it('goes on after the last record of the process before', async () => {
    const before = open().trail
    before.append(record('a'))
    await before.close()
    const { trail } = open()
    trail.append(record('b'))
    await trail.close()
    expect(ids()).toEqual(['a', 'b'])
  })

  it('ends the line that a crash has cut before it goes on', async () => {
    mkdirSync(dirname(file))
    writeFileSync(file, `${JSON.stringify(record('a'))}\n{"time":"2026-`)
    const { trail } = open()
    expect(trail.isWritable).toBe(true)
    for (const callId of ['b', 'c']) trail.append(record(callId))
    await trail.close()
    expect(lines()[1]).toBe('{"time":"2026-')
    expect([0, 2, 3].map((at) => JSON.parse(lines()[at] ?? '').callId)).toEqual(['a', 'b', 'c'])
  })

  it('leaves a file that was moved away for a new one under its name', async () => {
    let now = 0
    const { trail } = open({ clock: () => now })
    trail.append(record('a'))
    await trail.flush()
    renameSync(file, `${file}.1`)
    now = 1_000
    trail.append(record('b'))
    await trail.flush()
    expect(ids()).toEqual(['b'])
    expect(JSON.parse(readFileSync(`${file}.1`, 'utf8')).callId).toBe('a')
  })

  it('shares its file with other processes that append to it', async () => {
    const [one, other] = [open().trail, open().trail]
    expect(one.isWritable && other.isWritable).toBe(true)
    for (let at = 0; at < 500; at += 1) {
      one.append(record(`one ${at}`))
      other.append(record(`other ${at}`))
      if (at % 100 === 0) appendFileSync(file, `${JSON.stringify(record(`third ${at}`))}\n`)
    }
    await Promise.all([one.flush(), other.flush()])
    expect(new Set(ids()).size).toBe(1_005)
  })

  it('says once that it cannot be written, refuses until it can, and says that too', async () => {
    mkdirSync(file, { recursive: true })
    const { trail, seen, hear } = open()
    expect(trail.isWritable).toBe(false)
    for (let at = 0; at < 100; at += 1) trail.append(record(String(at)))
    await expect(trail.flush()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE', hint: expect.any(String) })
    expect(seen).toEqual([{ type: 'fault', message: expect.stringContaining(file), cause: expect.any(Error) }])
    rmSync(file, { recursive: true })
    const told = hear('warning')
    expect(await told).toMatchObject({ details: { lost: 0 } })
    expect(trail.isWritable).toBe(true)
    await trail.flush()
    expect(ids()).toEqual(Array.from({ length: 100 }, (_, at) => String(at)))
    expect(seen).toHaveLength(2)
  })

  it('keeps 20,000 records while it cannot be written, and then tells how many more there were', async () => {
    mkdirSync(file, { recursive: true })
    const { trail } = open({ clock: () => 0 })
    expect(trail.isWritable).toBe(false)
    for (let at = 0; at < 20_007; at += 1) trail.append(record(String(at)))
    rmSync(file, { recursive: true })
    await trail.close()
    const all = read()
    const moment = '1970-01-01T00:00:00.000Z'
    expect(all).toHaveLength(20_001)
    expect(all.at(-1)).toEqual({ type: 'gap', time: moment, since: moment, lost: 7 })
  })

  it('tells of records that a slow disk had no room for, too', async () => {
    const { trail } = open()
    for (let at = 0; at < 20_007; at += 1) trail.append(record(String(at)))
    await trail.flush()
    trail.append(record('after'))
    await trail.flush()
    expect(read().slice(20_000)).toMatchObject([{ type: 'gap', lost: 7 }, { callId: 'after' }])
  })

  it('lets calls go on where that is asked for, and leaves a mark of it in the trail', async () => {
    mkdirSync(file, { recursive: true })
    const { trail, hear } = open({ onFailure: 'continue' })
    expect(trail.isWritable).toBe(true)
    trail.append(record('a'))
    await expect(trail.flush()).rejects.toThrow()
    expect(trail.isWritable).toBe(true)
    rmSync(file, { recursive: true })
    await hear('warning')
    trail.append(record('b'))
    await trail.flush()
    expect(read().map(({ type, callId }) => type ?? callId)).toEqual(['a', 'gap', 'b'])
  })

  it('refuses while more waits for the disk than it should', async () => {
    const { trail } = open()
    for (let at = 0; at < 9_999; at += 1) trail.append(record('x'))
    expect(trail.isWritable).toBe(true)
    trail.append(record('x'))
    expect(trail.isWritable).toBe(false)
    await trail.flush()
    expect(trail.isWritable).toBe(true)
    for (let at = 0; at < 17; at += 1) trail.append({ ...record('x'), name: 'x'.repeat(1024 * 1024) })
    expect(trail.isWritable).toBe(false)
  })

  it('says how many records it had to be closed without', async () => {
    mkdirSync(file, { recursive: true })
    const { trail, seen } = open()
    for (const callId of ['a', 'b', 'c']) trail.append(record(callId))
    await trail.close()
    trail.append(record('late'))
    expect(seen.map((each) => ('message' in each ? each.message : ''))).toEqual([
      expect.stringContaining('cannot be written'),
      'The audit trail was closed without 3 of its records.',
      'A call (late) ended after the audit trail was closed.',
    ])
  })

  it.skipIf(!existsSync('/dev/full'))('refuses on a device that is always full (needs /dev/full)', async () => {
    const { trail, seen } = open({ file: '/dev/full' })
    expect(trail.isWritable).toBe(true)
    trail.append(record('a'))
    await expect(trail.flush()).rejects.toMatchObject({ cause: { code: 'ENOSPC' } })
    expect(trail.isWritable).toBe(false)
    await trail.close()
    expect(seen.map(({ type }) => type)).toEqual(['fault', 'fault'])
  })
})

const trailModule = JSON.stringify(new URL('./file-audit-trail.ts', import.meta.url).href)
const inNode = (script: string, ...values: string[]): string[] => [
  '--import',
  import.meta.resolve('tsx'),
  '--input-type=module',
  '--eval',
  `const { createFileAuditTrail } = await import(${trailModule})
  const record = ${JSON.stringify(record(''))}
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
      const trail = createFileAuditTrail({ file: process.argv[1], onFailure: 'refuse' })
      for (let at = 0; at < 3000; at += 1) trail.append({ ...record, callId: String(at) })
      ${end}`
    await run(process.execPath, inNode(script, file)).catch(() => undefined)
    expect(ids()).toEqual(Array.from({ length: 3_000 }, (__, at) => String(at)))
  })

  it('that is killed leaves at most the records of the last milliseconds out, and no other line broken', async () => {
    const script = `
      const trail = createFileAuditTrail({ file: process.argv[1], onFailure: 'refuse' })
      let at = 0
      for (;;) {
        for (let count = 0; count < 50; count += 1) trail.append({ ...record, callId: String(at += 1) })
        if (at === 5000) await trail.flush()
        if (at === 8000) process.kill(process.pid, 'SIGKILL')
        await new Promise(setImmediate)
      }`
    await run(process.execPath, inNode(script, file)).catch(() => undefined)
    const { trail } = open()
    trail.append(record('after'))
    await trail.flush()
    const whole = lines().flatMap((line) => (line.endsWith('}') ? [JSON.parse(line).callId] : []))
    expect(whole.slice(0, 5_000)).toEqual(Array.from({ length: 5_000 }, (_, at) => String(at + 1)))
    expect(whole.at(-1)).toBe('after')
    expect(lines().length - whole.length).toBeLessThanOrEqual(1)
  })
})

const UNSHARE = '/usr/bin/unshare'

/** Whether a process here may have a small disk of its own, which goes away with it. */
const mountsTmpfs = (): boolean =>
  process.platform === 'linux' &&
  spawnSync(UNSHARE, ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()], { stdio: 'ignore' }).status === 0

describe.skipIf(!mountsTmpfs())('on a disk that gets full (needs unshare and mount of a tmpfs)', () => {
  const prelude = `
    import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
    const [disk, onFailure] = process.argv.slice(1)
    const file = disk + '/audit.jsonl'
    let now = 0
    let tell = () => {}
    const heard = (type) => new Promise((resolve) => { tell = (each) => each.type === type && resolve(each) })
    const trail = createFileAuditTrail({ file, onFailure, clock: () => now, observer: (each) => tell(each) })
    let appended = 0
    const append = (count) => { for (; count > 0; count -= 1) trail.append({ ...record, callId: String(appended += 1) }) }
    const fill = () => { try { writeFileSync(disk + '/filler', Buffer.alloc(4 << 20)) } catch {} }
    const makeRoom = () => rmSync(disk + '/filler')
    const alive = setInterval(() => {}, 1000)
    append(10)
    await trail.flush()`

  interface Story {
    readonly appended: number
    readonly facts: readonly unknown[]
    readonly text: string
    readonly old?: string
  }

  const tell = async (script: string, onFailure: string): Promise<Story> => {
    const mount = `mount -t tmpfs -o size=256k none ${folder} && exec "$0" "$@"`
    const node = [process.execPath, ...inNode(`${prelude}\n${script}`, folder, onFailure)]
    return JSON.parse((await run(UNSHARE, ['-rm', 'sh', '-c', mount, ...node])).stdout)
  }

  const parse = (text: string): { callId?: string; type?: string; lost?: number }[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))

  const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at + 1))

  it.each([
    ['refuse', false, []],
    ['continue', true, [0, 0]],
  ] as const)(
    'nothing is lost, no line is broken, and it goes on by itself (%s)',
    async (onFailure, isWritable, gaps) => {
      const { appended, facts, text } = await tell(
        `
      const facts = []
      for (let round = 0; round < 2; round += 1) {
        fill()
        const failed = heard('fault')
        append(100)
        const { cause } = await failed
        const endsInside = !readFileSync(file, 'utf8').endsWith('\\n')
        const isWritable = trail.isWritable
        append(50)
        makeRoom()
        await heard('warning')
        facts.push({ code: cause.code, endsInside, isWritable, after: trail.isWritable })
      }
      append(1)
      await trail.close()
      clearInterval(alive)
      process.stdout.write(JSON.stringify({ appended, facts, text: readFileSync(file, 'utf8') }))`,
        onFailure,
      )
      const fact = { code: 'ENOSPC', endsInside: true, isWritable, after: true }
      expect(facts).toEqual([fact, fact])
      expect(parse(text).flatMap(({ callId }) => callId ?? [])).toEqual(numbers(appended))
      expect(parse(text).flatMap(({ type, lost }) => (type === 'gap' ? lost : []))).toEqual(gaps)
    },
  )

  it('the line that was cut is whole in the new file when the full one is moved away', async () => {
    const { appended, text, old } = await tell(
      `
      fill()
      const failed = heard('fault')
      append(100)
      await failed
      renameSync(file, disk + '/old.jsonl')
      now = 1000
      makeRoom()
      await heard('warning')
      await trail.close()
      clearInterval(alive)
      const [old, text] = ['old', 'audit'].map((name) => readFileSync(disk + '/' + name + '.jsonl', 'utf8'))
      process.stdout.write(JSON.stringify({ appended, facts: [], text, old }))`,
      'refuse',
    )
    const lineEnd = (old ?? '').lastIndexOf('\n') + 1
    expect(old?.length).toBeGreaterThan(lineEnd)
    const all = [...parse((old ?? '').slice(0, lineEnd)), ...parse(text)]
    expect(all.map(({ callId }) => callId)).toEqual(numbers(appended))
  })
})
