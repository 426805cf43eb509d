import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filesOfTrail, linesOfTrail, readTrail } from '../../../test/fixtures/audit.ts'
import type { AuditEvent } from '../../audit/audit-record.ts'
import { type AuditEntry, toEntry } from '../../audit/audit-trail.ts'
import type { ChainTrail } from '../../audit/chain-audit-trail.ts'
import { endLine } from '../../audit/chain-hash.ts'
import { auditOptions, type RetentionOptions } from '../../audit/options.ts'
import { cutChain } from '../../audit/retention/cut-chain.ts'
import type { CutPlan } from '../../audit/retention/plan-cut.ts'
import type { Config } from '../../config/config.ts'
import { defaultConfig } from '../../config/default-config.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { openAuditIndex } from '../../storage/sqlite/audit-index.ts'
import { createAuditTrail } from '../audit.ts'
import { createApp } from '../create-app.ts'
import { verifyAudit } from '../verify-audit.ts'
import { addHold, removeHold } from './change-holds.ts'
import { eraseSubject } from './erase-subject.ts'
import { planRetention, retainTrail } from './retain-trail.ts'
import { indexFileOf, searchTrail } from './search-trail.ts'

const DAY_MS = 86_400_000
const BEGIN = Date.UTC(2026, 0, 1)
const DAYS = 40
const ANN = { id: 'key:annsid', subject: 's_aaaaaaaaaaaaaaaaaaaaaa' }

let directory = ''
let now = BEGIN
let open: ChainTrail[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-retain-'))
  now = BEGIN
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((trail) => trail.close()))
  rmSync(directory, { recursive: true, force: true })
})

function config(retention: RetentionOptions = { default: '10d' }, audit: Partial<Config['audit']> = {}): Config {
  const base = defaultConfig({ connectors: [], directory })
  return { ...base, audit: { ...base.audit, segmentBytes: 6 * 1024, retention, ...audit } }
}

const clock = (): number => now
const folder = (): string => config().audit.directory
const times = (): string[] => readTrail(folder()).map(({ time }) => time)

function openTrail(given = config()): ChainTrail {
  const trail = createAuditTrail(given, { clock, observer: () => undefined })
  open.push(trail)
  return trail
}

const refused = (address: string): AuditEvent => ({
  event: 'auth.refused',
  time: new Date(now).toISOString(),
  reason: 'r'.repeat(100),
  address,
  count: 1,
})

const listed = (subject: string): AuditEntry => {
  const time = new Date(now).toISOString()
  const event: AuditEvent = {
    event: 'list.served',
    time,
    subject,
    method: 'tools/list',
    count: 1,
    digest: 'd',
    policy: 'p',
  }
  return toEntry(event, { subject, sealed: 'x' })
}

/** Some records a day, for many days: more than a segment a day. */
async function live(
  trail: ChainTrail,
  days = DAYS,
  each: () => AuditEntry = () => toEntry(refused('192.0.2.1')),
): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    for (let count = 0; count < 25; count += 1) trail.append(each())
    await trail.flush()
    now += DAY_MS
  }
}

async function write(days = DAYS): Promise<void> {
  const trail = openTrail()
  await live(trail, days)
  await trail.close()
}

async function verify(at = folder(), checkpoints = config().audit.checkpoints): Promise<boolean> {
  const { storage } = config()
  const key = join(storage.directory, 'audit.pub')
  return (await verifyAudit({ directory: at, key, checkpoints })).isSound
}

const retain = (given = config(), more: { trail?: ChainTrail; isClockTrusted?: boolean } = {}) =>
  retainTrail(given, { clock, ...more })

/** Days from the first record that is there to now. */
const oldestDays = (): number => (now - Date.parse(times().sort()[0] ?? '')) / DAY_MS

describe('retention', () => {
  it('removes whole files whose records are all too old, and the trail still verifies with the public key', async () => {
    await write()
    const before = filesOfTrail(folder()).length
    const [planned] = await planRetention(config(), { clock })
    expect(filesOfTrail(folder())).toHaveLength(before)
    const [done] = await retain()
    expect(done?.segments.length).toBeGreaterThan(20)
    expect(done?.segments).toEqual(planned?.segments)
    expect(oldestDays()).toBeLessThanOrEqual(12)
    expect(now - Date.parse(done?.removedUntil ?? '')).toBeGreaterThanOrEqual(10 * DAY_MS)
    expect(readTrail(folder()).find(({ event }) => event === 'retention')).toMatchObject({
      firstSeq: 0,
      keptFrom: done?.keptFrom,
      records: done?.keptFrom,
      removedUntil: done?.removedUntil,
    })
    expect(await verify()).toBe(true)
  })

  it('does it again and again, and the trail goes on and verifies', async () => {
    const trail = openTrail()
    for (let round = 0; round < 4; round += 1) {
      await live(trail, 15)
      await retain(config(), { trail })
      expect(oldestDays()).toBeLessThanOrEqual(12)
      expect(await verify()).toBe(true)
    }
    await trail.close()
    await write(1)
    expect(readTrail(folder()).filter(({ event }) => event === 'retention').length).toBeGreaterThan(0)
    expect(await verify()).toBe(true)
  })

  it('removes nothing where it is not set', async () => {
    await write()
    const lines = linesOfTrail(folder())
    expect(await retain(config({}))).toEqual([])
    expect(linesOfTrail(folder())).toEqual(lines)
  })

  it('keeps what stands beside a record of a class that is kept longer, and all after it', async () => {
    await write()
    expect((await retain(config({ default: '10d', access: 'forever' })))[0]).toMatchObject({
      segments: [],
      kept: { kind: 'forever' },
    })
    expect((await retain(config({ calls: '10d' })))[0]).toMatchObject({ segments: [], kept: { kind: 'forever' } })
    expect((await retain(config({ default: '10d', access: '20d' })))[0]?.kept).toMatchObject({ kind: 'young' })
    expect(oldestDays()).toBeGreaterThanOrEqual(19)
    expect(oldestDays()).toBeLessThanOrEqual(22)
  })

  it('cannot be set to nothing: 0 is a mistake, not a trail without records', () => {
    for (const span of ['0d', '-1d', '', '10', '1h', 'never']) {
      expect(auditOptions.safeParse({ retention: { default: span } }).success, span).toBe(false)
    }
    expect(auditOptions.safeParse({ retention: { default: '400d', config: 'forever' } }).success).toBe(true)
  })

  it('is forgotten by the index too, without a search', async () => {
    await write()
    await searchTrail(folder(), { limit: 1 })
    const [done] = await retain()
    const index = openAuditIndex({ file: indexFileOf(folder()) })
    const segments = [...index.indexed(done?.chain ?? '').keys()]
    const places = [...index.find({ until: Date.parse(done?.removedUntil ?? '') })]
    index.close()
    expect(segments).not.toContain(done?.segments[0])
    expect(places).toEqual([])
  })

  it('takes what a dying process left unfinished of a removed file with it', async () => {
    await write()
    const torn = `${filesOfTrail(folder())[0]}.99.torn`
    writeFileSync(torn, 'half a record')
    await retain()
    expect(existsSync(torn)).toBe(false)
  })

  it('removes nothing that a sink has not received', async () => {
    await write()
    const sinks = [{ type: 'stdout' as const, format: 'jsonl' as const }] as unknown as Config['audit']['sinks']
    const given = config(undefined, { sinks })
    expect((await retain(given))[0]).toMatchObject({ segments: [], kept: { kind: 'unsent' } })
    const files = filesOfTrail(folder())
    const chain = basename(dirname(files[0] ?? ''))
    const third = basename(files[3] ?? '')
    mkdirSync(join(folder(), 'sinks'))
    writeFileSync(
      join(folder(), 'sinks', 'stdout.json'),
      JSON.stringify({ v: 1, chains: { [chain]: { segment: third, offset: 5 } } }),
    )
    expect((await retain(given))[0]).toMatchObject({ segments: files.slice(0, 3).map((file) => basename(file)) })
  })

  it('ends files that are written slowly, so that no record waits for the youngest one, and those of the dead', async () => {
    const given = config(undefined, { segmentBytes: 64 * 1024 * 1024 })
    const [dead, living] = [openTrail(given), openTrail(given)]
    await live(dead, 2)
    for (let day = 0; day < 30; day += 1) {
      await live(living, 1)
      if (day === 1) await dead.close()
      await retain(given, { trail: living })
    }
    expect(oldestDays()).toBeLessThanOrEqual(13)
    const chains = new Set(filesOfTrail(folder()).map((file) => dirname(file)))
    expect(chains.size).toBe(2)
    expect(await verify()).toBe(true)
    const files = filesOfTrail(folder()).filter((file) => dirname(file) !== living.folder)
    await retain(given, { trail: living })
    expect(filesOfTrail(folder()).filter((file) => dirname(file) !== living.folder)).toEqual(files)
  })

  it('removes nothing before the record of it is on disk, under a signature, and nothing where it cannot be', async () => {
    const trail = openTrail()
    await live(trail)
    const [plan] = await planRetention(config(), { clock })
    const files = filesOfTrail(folder())
    const fails = { folder: trail.folder, seal: () => Promise.reject(new Error('full')) } as unknown as ChainTrail
    const cut = { ...plan, head: 'h' } as CutPlan
    await expect(cutChain(fails, cut, now)).rejects.toThrow('full')
    expect(filesOfTrail(folder())).toEqual(files)
    const watched = {
      folder: trail.folder,
      async seal(entry: AuditEntry) {
        await trail.seal(entry)
        expect(filesOfTrail(folder())).toEqual(expect.arrayContaining(files))
        const events = readTrail(folder()).map(({ event }) => event)
        expect(events.lastIndexOf('checkpoint')).toBeGreaterThan(events.lastIndexOf('retention'))
        expect(events).toContain('retention')
      },
    } as unknown as ChainTrail
    await cutChain(watched, cut, now)
    expect(filesOfTrail(folder()).length).toBeLessThan(files.length)
  })

  it('leaves the chain of another living process to it', async () => {
    await live(openTrail())
    const files = filesOfTrail(folder())
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'busy' } })
    expect(filesOfTrail(folder())).toEqual(files)
  })

  it('is done by a running server itself, in the chain that it writes', async () => {
    await write()
    let tell: (line: string) => void = () => undefined
    const shortened = new Promise<string>((resolve) => {
      tell = resolve
    })
    const base = config()
    const given = { ...base, access: { ...base.access, anonymous: { roles: [] } } }
    const app = await createApp(given, {
      clock,
      writeLog: (line) => {
        if (line.includes('were removed')) tell(line)
      },
    })
    await app.listen({ port: 0 })
    expect(await shortened).toContain('"level":"info"')
    await app.close()
    expect(oldestDays()).toBeLessThanOrEqual(12)
    expect(await verify()).toBe(true)
  })
})

describe('a legal hold', () => {
  const knowAnn = (): void => {
    const storage = openStorage(config().storage)
    storage.subjectKeys.add({ subject: ANN.subject, principalId: ANN.id, wrappedKey: 'w', createdAt: 'now' })
    storage.close()
  }
  /** Ann appears on the fifth day alone. */
  async function writeAnn(): Promise<void> {
    knowAnn()
    const trail = openTrail()
    await live(trail, 5)
    await live(trail, 1, () => listed(ANN.subject))
    await live(trail, DAYS)
    await trail.close()
  }

  it('in the configuration keeps the records of somebody, and all after them', async () => {
    await writeAnn()
    const [chain] = await retain(config(undefined, { holds: [ANN.id] }))
    expect(chain?.kept).toMatchObject({ kind: 'held', message: expect.stringContaining('audit.holds[0]') })
    expect(readTrail(folder()).some((record) => 'subject' in record && record.subject === ANN.subject)).toBe(true)
  })

  it('that names nobody the storage knows keeps everything: who is meant cannot be told', async () => {
    await writeAnn()
    const [chain] = await retain(config(undefined, { holds: ['a key that was removed'] }))
    expect(chain).toMatchObject({ segments: [], kept: { kind: 'held' } })
  })

  it('laid on somebody keeps the records and forbids erasing, until it is taken off; all of it is recorded', async () => {
    await writeAnn()
    const { id } = await addHold(config(), { who: ANN.id, reason: 'CASE-7' })
    expect((await retain())[0]?.kept.message).toContain(id)
    expect(await eraseSubject(config(), { who: ANN.id })).toEqual({ erased: [], held: [ANN.subject], holds: [id] })
    await removeHold(config(), id)
    await retain()
    expect(readTrail(folder()).some(({ event }) => event === 'list.served')).toBe(false)
    expect(await eraseSubject(config(), { who: ANN.id })).toMatchObject({ erased: [ANN.subject] })
    const changes = readTrail(folder()).filter(({ event }) => event === 'hold.changed')
    expect(changes).toMatchObject([
      { change: 'added', hold: id, subject: ANN.subject, reason: 'CASE-7' },
      { change: 'removed', hold: id, subject: ANN.subject },
    ])
    expect(JSON.stringify(changes)).not.toContain(ANN.id)
  })

  it('laid on a time keeps all records of it, and forbids erasing who has one', async () => {
    await writeAnn()
    const { id } = await addHold(config(), { since: BEGIN + 5 * DAY_MS, until: BEGIN + 6 * DAY_MS })
    expect((await retain())[0]?.kept.message).toContain(id)
    expect((times().sort()[0] ?? '') < '2026-01-07').toBe(true)
    expect(await eraseSubject(config(), { who: ANN.id })).toEqual({ erased: [], held: [ANN.subject], holds: [id] })
  })

  it('on nobody is not laid', async () => {
    await expect(addHold(config(), { who: 'nobody' })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })

  it('whose file cannot be read lets nothing be erased or removed', async () => {
    await writeAnn()
    const lines = linesOfTrail(folder())
    for (const text of ['', '{}', '{"v":1,"holds":[{}]}', '{"v":1,"holds":[{"id":"h","subjects":[]}]}']) {
      writeFileSync(join(folder(), 'holds.json'), text)
      await expect(retain(), text).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
      await expect(eraseSubject(config(), { who: ANN.id })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    }
    expect(linesOfTrail(folder())).toEqual(lines)
  })
})

describe('a clock', () => {
  it('that is set years ahead wipes nothing, neither at once nor after the next records', async () => {
    await write(8)
    const lines = linesOfTrail(folder())
    now += 5 * 365 * DAY_MS
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'clock' } })
    expect(linesOfTrail(folder())).toEqual(lines)
    await write(1)
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'clock' } })
  })

  it('that was right all the same can be trusted by hand', async () => {
    await write(9)
    now += 5 * 365 * DAY_MS
    const [chain] = await retain(config(), { isClockTrusted: true })
    expect(chain?.records).toBeGreaterThan(200)
    expect(await verify()).toBe(true)
  })

  it('that goes on from the wrong time lets records go when as much time has passed as they are kept', async () => {
    await write(3)
    now += 5 * 365 * DAY_MS
    await write(4)
    expect((await retain())[0]?.segments).toEqual([])
    await write(9)
    expect((await retain())[0]?.segments.length).toBeGreaterThan(3)
    expect(await verify()).toBe(true)
  })

  it('that is set back removes nothing that is not old enough by it', async () => {
    await write()
    now = BEGIN + 5 * DAY_MS
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'young' } })
  })

  it('that goes back and forth many times ages nothing', async () => {
    const trail = openTrail()
    await live(trail, 3)
    for (let flip = 0; flip < 100; flip += 1) {
      now += flip % 2 === 0 ? 4 * DAY_MS : -4 * DAY_MS
      for (let count = 0; count < 25; count += 1) trail.append(toEntry(refused('192.0.2.1')))
      await trail.flush()
    }
    await trail.close()
    expect((await retain())[0]?.segments).toEqual([])
  })
})

describe('a process that dies', () => {
  const copyTo = (name: string): string => {
    const at = join(directory, name, basename(folder()))
    cpSync(folder(), at, { recursive: true })
    cpSync(config().audit.checkpoints, `${at}.checkpoints`)
    return at
  }

  it('after the tombstone, or between two files, leaves a trail that verifies, and the next run removes the rest', async () => {
    await write()
    const [plan] = await planRetention(config(), { clock })
    const trail = createAuditTrail(config(), { clock, observer: () => undefined }, plan?.chain)
    open.push(trail)
    await trail.startSegment()
    const started = copyTo('started')
    const { records = 0, firstSeq = 0, keptFrom = 0, removedUntil = '', segments = [] } = plan ?? {}
    const head = readTrail(folder()).find(({ seq }) => seq === keptFrom - 1)?.hash ?? ''
    const time = new Date(now).toISOString()
    await trail.seal(toEntry({ time, event: 'retention', firstSeq, keptFrom, records, removedUntil, head }))
    const sealed = copyTo('sealed')
    const chain = trail.folder ?? ''
    for (const segment of segments.slice(0, 3)) rmSync(join(chain, segment))
    const half = copyTo('half')
    await trail.close()
    for (const state of [started, sealed, half]) {
      expect(await verify(state, `${state}.checkpoints`), state).toBe(true)
      await retain(config(undefined, { directory: state, checkpoints: `${state}.checkpoints` }))
      expect(readdirSync(join(state, basename(chain))), state).not.toContain(segments.at(-1))
      expect(await verify(state, `${state}.checkpoints`), state).toBe(true)
    }
  })
})

describe('somebody who can write the files', () => {
  const chainFolder = (): string => dirname(filesOfTrail(folder())[0] ?? '')

  it('and changes what stays after a cut is found out', async () => {
    await write()
    await retain()
    const [first = ''] = filesOfTrail(folder())
    writeFileSync(first, readFileSync(first, 'utf8').replace('192.0.2.1', '192.0.2.9'))
    expect(await verify()).toBe(false)
  })

  it('and removes one file more than was recorded is found out', async () => {
    await write()
    await retain()
    rmSync(filesOfTrail(folder())[0] ?? '')
    expect(await verify()).toBe(false)
  })

  it('and plays the tombstone of one chain into another is found out', async () => {
    await write()
    await retain()
    const cut = readTrail(folder()).find(({ event }) => event === 'retention')
    const other = join(directory, 'other')
    renameSync(folder(), other)
    rmSync(config().audit.checkpoints)
    now = BEGIN
    await write()
    const files = filesOfTrail(folder())
    const last = files.at(-1) ?? ''
    const { seq, hash } = JSON.parse(readFileSync(last, 'utf8').trimEnd().split('\n').at(-1) ?? '')
    const { v: _, seq: __, hash: ___, ...members } = cut ?? { v: 1, seq: 0, hash: '' }
    const covered = `{"v":1,"seq":${seq + 1},${JSON.stringify(members).slice(1, -1)}`
    writeFileSync(last, `${readFileSync(last, 'utf8')}${endLine(hash, covered).line}`)
    expect(await verify()).toBe(true)
    rmSync(files[0] ?? '')
    expect(await verify()).toBe(false)
  })

  it('and changes an old record keeps it from being removed: it is evidence', async () => {
    await write()
    const [first = '', second = ''] = filesOfTrail(folder())
    writeFileSync(second, readFileSync(second, 'utf8').replace('192.0.2.1', '192.0.2.9'))
    const [chain] = await retain()
    expect(chain).toMatchObject({ segments: [basename(first)], kept: { kind: 'altered' } })
    expect(existsSync(second)).toBe(true)
    expect(await verify()).toBe(false)
  })

  it('and writes an old file anew, with hashes that fit, keeps it from being removed', async () => {
    await write()
    const [first = ''] = filesOfTrail(folder())
    const lines = readFileSync(first, 'utf8').trimEnd().split('\n')
    let before = JSON.parse(lines[0] ?? '').hash
    const forged = lines.slice(1).map((line) => {
      const covered = line.slice(0, line.lastIndexOf(',"hash":"')).replace('192.0.2.1', '192.0.2.9')
      const ended = endLine(before, covered)
      before = ended.hash
      return ended.line
    })
    writeFileSync(first, `${lines[0]}\n${forged.join('')}`)
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'altered' } })
  })

  it('and puts a link in the place of a file, or of a chain, has nothing removed by it', async () => {
    await write()
    const [first = ''] = filesOfTrail(folder())
    const elsewhere = join(directory, 'elsewhere.jsonl')
    renameSync(first, elsewhere)
    symlinkSync(elsewhere, first)
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'altered' } })
    rmSync(first)
    renameSync(elsewhere, first)
    const chain = chainFolder()
    const moved = join(directory, basename(chain))
    renameSync(chain, moved)
    symlinkSync(moved, chain)
    expect((await retain())[0]).toMatchObject({ segments: [], kept: { kind: 'altered' } })
    expect(existsSync(join(moved, basename(first)))).toBe(true)
  })
})
