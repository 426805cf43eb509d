import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exportTrail } from './export-trail.ts'
import { readLast, readNew } from './follow-trail.ts'
import { indexFileOf, searchTrail, type TrailQuery } from './search-trail.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-trail-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

interface Call {
  readonly seq: number
  readonly minute: number
  readonly name?: string
  readonly rule?: string
}

function lineOf({ seq, minute, name = 'read', rule = 'role a: allow everything' }: Call): string {
  const time = new Date(Date.UTC(2026, 10, 22, 10, minute)).toISOString()
  const call = {
    callId: `call-${seq}`,
    subject: `s_${seq % 2}`,
    roles: ['a'],
    kind: 'tool',
    method: 'tools/call',
    name,
  }
  const end = { transport: 'http', era: 'modern', decision: 'permit', rule, policy: 'p', status: 'ok', durationMs: 1 }
  return JSON.stringify({
    v: 1,
    seq,
    time,
    event: 'call.completed',
    ...call,
    ...end,
    input: { bytes: 1, digest: 'findme' },
    hash: 'h',
  })
}

function append(chain: string, calls: readonly Call[], segment = 0): void {
  mkdirSync(join(directory, chain), { recursive: true })
  appendFileSync(fileOf(chain, segment), calls.map((call) => `${lineOf(call)}\n`).join(''))
}

const fileOf = (chain: string, segment = 0): string =>
  join(directory, chain, `${String(segment).padStart(12, '0')}.jsonl`)
const search = async (query: Partial<TrailQuery>): Promise<number[]> =>
  (await searchTrail(directory, { limit: 100, ...query })).map(({ record }) => record.seq)
const ten = (from = 0): Call[] => Array.from({ length: 10 }, (_, at) => ({ seq: from + at, minute: from + at }))

describe('searching the trail', () => {
  it('finds records of all chains and segments, newest first, as many as asked for', async () => {
    append('a', ten(0), 0)
    append('a', ten(10), 10)
    append('b', [{ seq: 0, minute: 15 }])
    expect(await search({ limit: 5 })).toEqual([19, 18, 17, 16, 0])
    expect(await search({ callId: 'call-12' })).toEqual([12])
    expect(await search({ subjects: ['s_1'], since: Date.UTC(2026, 10, 22, 10, 16) })).toEqual([19, 17])
  })

  it('finds what came since the last search', async () => {
    append('a', ten(0))
    expect(await search({ limit: 1 })).toEqual([9])
    append('a', ten(10))
    expect(await search({ limit: 1 })).toEqual([19])
  })

  it('finds text in clear members, whatever its case, and none in digests', async () => {
    append('a', [
      { seq: 0, minute: 0 },
      { seq: 1, minute: 1, rule: 'role Editor: allow name X_*' },
    ])
    expect(await search({ text: 'editor' })).toEqual([1])
    expect(await search({ text: 'findme' })).toEqual([])
  })

  it('loses nothing with its index', async () => {
    append('a', ten(0))
    const before = await search({})
    for (const end of ['', '-wal', '-shm']) rmSync(`${indexFileOf(directory)}${end}`, { force: true })
    expect(await search({})).toEqual(before)
  })

  it('makes an index anew that is no database any more', async () => {
    append('a', ten(0))
    await search({})
    writeFileSync(indexFileOf(directory), 'nonsense '.repeat(1_000))
    expect(await search({ callId: 'call-3' })).toEqual([3])
  })

  it('makes an index anew that does not say what stands in the trail', async () => {
    append('a', ten(0))
    await search({})
    const text = readFileSync(fileOf('a'), 'utf8')
    writeFileSync(fileOf('a'), text.replaceAll('call-3', 'call-X').replaceAll('"seq":3', '"seq":7'))
    expect(await search({ callId: 'call-3' })).toEqual([])
    expect(await search({ callId: 'call-X' })).toEqual([7])
  })

  it('forgets segments and chains that are gone, and one that got shorter', async () => {
    append('a', ten(0), 0)
    append('a', ten(10), 10)
    append('b', ten(20))
    await search({})
    rmSync(fileOf('a', 0))
    renameSync(join(directory, 'b'), join(directory, 'c'))
    writeFileSync(fileOf('a', 10), `${lineOf({ seq: 10, minute: 1 })}\n`)
    expect(await search({})).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 10])
  })

  it('is not kept from it by lines that are no records', async () => {
    append('a', [{ seq: 0, minute: 0 }])
    appendFileSync(fileOf('a'), 'x\n{"v":1,"seq":"1","time":4}\n[]\n')
    append('a', [{ seq: 1, minute: 1 }])
    expect(await search({})).toEqual([1, 0])
  })

  it('finds nothing where there is no trail', async () => {
    expect(await search({})).toEqual([])
  })
})

describe('exporting the trail', () => {
  const read = async (options: Parameters<typeof exportTrail>[1]): Promise<string> => {
    let text = ''
    for await (const piece of exportTrail(directory, options)) text += piece.text
    return text
  }

  it('gives the lines of a chain back as they are', async () => {
    append('a', ten(0), 0)
    append('a', ten(10), 10)
    const whole = readFileSync(fileOf('a', 0), 'utf8') + readFileSync(fileOf('a', 10), 'utf8')
    expect(await read({ format: 'jsonl', version: '1' })).toBe(whole)
  })

  it('keeps to a range of time', async () => {
    append('a', ten(0))
    const [since, until] = [Date.UTC(2026, 10, 22, 10, 3), Date.UTC(2026, 10, 22, 10, 5)]
    const text = await read({ format: 'csv', version: '1', since, until })
    expect(text.split('\n').map((line) => line.split(',')[1])).toEqual(['seq', '3', '4', undefined])
  })

  it('links each event of OCSF to the one before it in the chain', async () => {
    append('a', ten(0))
    const events = (await read({ format: 'ocsf', version: '1' }))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events[0].attestation_list[0].prev_event).toBeUndefined()
    expect(events[5].attestation_list[0].prev_event.uid).toBe('a:4')
  })
})

describe('following the trail', () => {
  it('begins with the last records of all chains by time, and goes on with what comes', async () => {
    append('a', ten(0))
    append('b', [
      { seq: 0, minute: 5 },
      { seq: 1, minute: 30 },
    ])
    const { lines, positions } = await readLast(directory, 3)
    expect(lines.map(({ chain, record }) => `${chain}${record.seq}`)).toEqual(['a8', 'a9', 'b1'])
    append('a', ten(10), 10)
    const next: number[] = []
    for await (const more of readNew(directory, positions)) next.push(...more.map(({ record }) => record.seq))
    expect(next).toEqual(ten(10).map(({ seq }) => seq))
    expect(existsSync(indexFileOf(directory))).toBe(false)
  })
})
