import { cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { filesOfTrail, readTrail } from '../../test/fixtures/audit.ts'
import { takeLock } from '../storage/sqlite/take-lock.ts'
import { toEntry } from './audit-trail.ts'
import { createChainAuditTrail } from './chain-audit-trail.ts'
import { endLine } from './chain-hash.ts'
import { openSigningKey } from './signing-key.ts'
import { parseNotes, type TrailReport, verifyTrail } from './verify-trail.ts'

const RECORDS = 2_600
let folder = ''
let directory = ''
let sound = ''

const at = '2026-11-22T00:00:00.000Z'

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-verify-'))
  sound = join(folder, 'sound')
  directory = join(folder, 'audit')
  const trail = createChainAuditTrail({
    directory: sound,
    checkpoints: join(folder, 'audit.checkpoints'),
    mode: 'strict',
    segmentBytes: 128 * 1024,
    takeLock,
    openSigner: () => openSigningKey(folder),
  })
  const subject = { subject: 's_ann', sealed: 'x' }
  for (let count = 0; count < RECORDS; count += 1) {
    trail.append({
      ...toEntry({ time: at, event: 'auth.refused', reason: 'r', address: `${count}`, count: 1 }),
      subject,
    })
    if (count % 400 === 0) await trail.flush()
  }
  trail.append(toEntry({ time: at, event: 'lifecycle.stopped' }))
  await trail.close()
})
beforeEach(() => {
  rmSync(directory, { recursive: true, force: true })
  cpSync(sound, directory, { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function verify(withNotes = true): Promise<TrailReport> {
  const notes = withNotes ? parseNotes(readFileSync(join(folder, 'audit.checkpoints'), 'utf8')) : []
  return verifyTrail(directory, { key: openSigningKey(folder).publicKey, notes })
}

/** The lines of the whole chain, and how to write others in the place of them. */
function chainLines(): { lines: string[]; write(lines: readonly string[]): void } {
  const files = filesOfTrail(directory)
  const counts: number[] = []
  const lines = files.flatMap((file) => {
    const own = readFileSync(file, 'utf8').split('\n').slice(0, -1)
    counts.push(own.length)
    return own
  })
  return {
    lines,
    write(changed) {
      let from = 0
      files.forEach((file, index) => {
        const to = index === files.length - 1 ? changed.length : from + (counts[index] ?? 0)
        writeFileSync(
          file,
          changed
            .slice(from, to)
            .map((line) => `${line}\n`)
            .join(''),
        )
        from = to
      })
    },
  }
}

/** Makes the hashes hold again from a line on, as one would who has no key. */
function linkAgain(lines: readonly string[], from: number): string[] {
  const linked = lines.slice(0, from)
  let before = JSON.parse(lines[from - 1] ?? '{}').hash as string
  for (const line of lines.slice(from)) {
    const covered = line.slice(0, line.lastIndexOf(',"hash":"'))
    const ended = endLine(before, covered)
    linked.push(ended.line.trimEnd())
    before = ended.hash
  }
  return linked
}

const edit = (line: string): string => line.replace('"count":1', '"count":7')
const isPlain = (line: string | undefined): boolean => line?.includes('"event":"auth.refused"') === true

interface Tampering {
  /** Answers the changed lines. `n` and `m` are two plain records, `n` before `m`. */
  change(lines: readonly string[], n: number, m: number): readonly string[]
  readonly kind: string
  /** Where it must be found; a range where a checkpoint alone tells. */
  place(n: number, m: number): readonly [number, number]
}

const only = (seq: number): readonly [number, number] => [seq, seq]

const TAMPERINGS: Readonly<Record<string, Tampering>> = {
  'a record is edited': {
    change: (lines, n) => lines.with(n, edit(lines[n] ?? '')),
    kind: 'edited',
    place: (n) => only(n),
  },
  'one bit of a hash is turned': {
    change: (lines, n) =>
      lines.with(
        n,
        (lines[n] ?? '').replace(/"hash":"(.)/, (_, c) => `"hash":"${c === 'A' ? 'B' : 'A'}`),
      ),
    kind: 'edited',
    place: (n) => only(n),
  },
  'a record is edited and has a hash to match': {
    change: (lines, n) => [...linkAgain(lines.with(n, edit(lines[n] ?? '')).slice(0, n + 1), n), ...lines.slice(n + 1)],
    kind: 'edited',
    place: (n) => only(n + 1),
  },
  'a record is removed': {
    change: (lines, n) => lines.toSpliced(n, 1),
    kind: 'missing',
    place: (n) => only(n),
  },
  'several records are removed': {
    change: (lines, n, m) => lines.toSpliced(n, m - n),
    kind: 'missing',
    place: (n) => only(n),
  },
  'two records change places': {
    change: (lines, n, m) => lines.with(n, lines[m] ?? '').with(m, lines[n] ?? ''),
    kind: 'reordered',
    place: (n) => only(n),
  },
  'a record stands there twice': {
    change: (lines, n) => lines.toSpliced(n + 1, 0, lines[n] ?? ''),
    kind: 'duplicated',
    place: (n) => only(n + 1),
  },
  'a record is put in between': {
    change: (lines, n) => lines.toSpliced(n, 0, edit(lines[n] ?? '')),
    kind: 'edited',
    place: (n) => only(n),
  },
  'the end is cut off': {
    change: (lines, n) => lines.slice(0, n),
    kind: 'cut-off',
    place: (n) => only(n),
  },
  'everything from a record on is written anew': {
    change: (lines, n) => linkAgain(lines.with(n, edit(lines[n] ?? '')), n),
    kind: 'forked',
    place: (n) => [Math.max(0, n - 1_100), n],
  },
  'a record is removed, and the rest counted and written anew': {
    change: (lines, n) =>
      linkAgain(
        lines.toSpliced(n, 1).map((line, seq) => line.replace(/"seq":\d+/, `"seq":${seq}`)),
        n,
      ),
    kind: 'forked|forged-checkpoint',
    place: (n) => [Math.max(0, n - 1_100), n + 1_100],
  },
  'a record is no JSON any more': {
    change: (lines, n) => lines.with(n, 'x'),
    kind: 'edited',
    place: (n) => only(n),
  },
}

describe('an audit trail that nobody touched', () => {
  it('holds, with the checkpoints kept elsewhere and without them', async () => {
    for (const withNotes of [true, false]) {
      const [chain] = (await verify(withNotes)).chains
      expect(chain).toMatchObject({ firstSeq: 0, uncovered: 0, isClosed: true, tornBytes: 0 })
      expect(chain?.finding).toBeUndefined()
      expect(chain?.records).toBe(readTrail(directory).length)
    }
  })
})

describe('an audit trail in which', () => {
  it.each(Object.entries(TAMPERINGS))('%s is found out, with the place', { timeout: 60_000 }, async (_, tampering) => {
    const { lines, write } = chainLines()
    const plain = [...lines.keys()].filter((seq) => isPlain(lines[seq]) && isPlain(lines[seq + 1]))
    const two = fc.uniqueArray(fc.nat(plain.length - 2), { minLength: 2, maxLength: 2 })
    await fc.assert(
      fc.asyncProperty(two, async (pair) => {
        const [n = 0, m = 0] = pair.sort((a, b) => a - b).map((index) => plain[index] ?? 0)
        write(tampering.change(lines, n, m))
        const { finding } = (await verify()).chains[0] ?? {}
        expect(finding?.kind).toMatch(new RegExp(`^(${tampering.kind})$`))
        const [least, greatest] = tampering.place(n, m)
        expect(finding?.seq).toBeGreaterThanOrEqual(least)
        expect(finding?.seq).toBeLessThanOrEqual(greatest)
      }),
      { numRuns: 15, seed: 20_261_122 },
    )
  })

  it('the name of a segment, or a whole segment, is gone is found out', async () => {
    const [, second = ''] = filesOfTrail(directory)
    const firstSeq = Number(basename(second).slice(0, 12))
    rmSync(second)
    expect((await verify()).chains[0]?.finding).toMatchObject({ kind: 'missing', seq: firstSeq })
  })

  it('the first segment is gone is found out, unless a record says that it was removed', async () => {
    rmSync(filesOfTrail(directory)[0] ?? '')
    expect((await verify()).chains[0]?.finding).toMatchObject({ kind: 'missing', seq: 0 })
  })

  /** A trail of several segments; what is said of its retention stands in the last of them, signed. */
  async function writeShort(keptFromOf?: (second: number) => number, headOf = hashBefore): Promise<string[]> {
    rmSync(directory, { recursive: true })
    const trail = createChainAuditTrail({
      directory,
      checkpoints: join(folder, 'short.checkpoints'),
      mode: 'strict',
      segmentBytes: 8 * 1024,
      takeLock,
      openSigner: () => openSigningKey(folder),
    })
    for (let count = 0; count < 200; count += 1) {
      trail.append(toEntry({ time: at, event: 'auth.refused', reason: 'r', address: `${count}`, count: 1 }))
      if (count % 20 === 0) await trail.flush()
    }
    await trail.flush()
    const keptFrom = keptFromOf?.(Number(basename(filesOfTrail(directory)[1] ?? '').slice(0, 12)))
    if (keptFrom !== undefined) {
      const head = headOf(keptFrom)
      const cut = { firstSeq: 0, keptFrom, records: keptFrom, removedUntil: at, head }
      trail.append(toEntry({ time: at, event: 'retention', ...cut }))
    }
    await trail.close()
    return filesOfTrail(directory)
  }

  function hashBefore(seq: number): string {
    return readTrail(directory).find((record) => record.seq === seq - 1)?.hash ?? ''
  }

  it('the first segment is gone, and the signed record of it names another end, is found out', async () => {
    const [first = ''] = await writeShort(
      (second) => second,
      (seq) => hashBefore(seq - 1),
    )
    rmSync(first)
    expect((await verify(false)).chains[0]?.finding).toMatchObject({ kind: 'forked' })
  })

  it('the first segment is gone, and a signed record says that it was removed, is in order', async () => {
    const [first = ''] = await writeShort((second) => second)
    rmSync(first)
    expect(await verify(false)).toMatchObject({ isSound: true })
  })

  it('more is gone than the signed record says is found out', async () => {
    const [first = '', second = ''] = await writeShort((from) => from)
    rmSync(first)
    rmSync(second)
    expect((await verify(false)).chains[0]?.finding).toMatchObject({ kind: 'missing', seq: 0 })
  })

  it('the first segment is gone, and somebody without the key wrote that it was removed, is found out', async () => {
    const files = await writeShort()
    const last = files.at(-1) ?? ''
    const { seq, hash } = JSON.parse(readFileSync(last, 'utf8').trimEnd().split('\n').at(-1) ?? '')
    const claim = `{"v":1,"seq":${seq + 1},"time":"${at}","event":"retention","keptFrom":${seq},"removedUntil":"${at}"`
    writeFileSync(last, `${readFileSync(last, 'utf8')}${endLine(hash, claim).line}`)
    rmSync(files[0] ?? '')
    expect((await verify(false)).chains[0]?.finding).toMatchObject({ kind: 'missing', seq: 0 })
  })

  it('a checkpoint is signed by somebody else is found out', async () => {
    const { lines, write } = chainLines()
    const other = openSigningKey(join(folder, 'other'))
    const n = lines.findIndex((line, seq) => seq > 10 && line.includes('"event":"checkpoint"'))
    const record = JSON.parse(lines[n] ?? '')
    const note = other.sign(record.note.slice(0, record.note.indexOf('\n\n') + 1))
    const forged = (lines[n] ?? '').replace(JSON.stringify(record.note), JSON.stringify(note))
    write(linkAgain(lines.with(n, forged), n))
    expect((await verify(false)).chains[0]?.finding).toMatchObject({ kind: 'forged-checkpoint', seq: n })
  })

  it('a whole chain is gone is found out by the checkpoints kept elsewhere', async () => {
    rmSync(directory, { recursive: true })
    expect(await verify()).toMatchObject({ isSound: false, findings: [{ kind: 'cut-off' }] })
  })

  it('a chain goes by another name is found out', async () => {
    const chain = dirname(filesOfTrail(directory)[0] ?? '')
    renameSync(chain, join(directory, '20260101T000000000Z-00000000'))
    expect((await verify(false)).chains[0]?.finding).toMatchObject({ seq: 0 })
  })

  it('an unfinished record stands at the end is told apart from one that was changed', async () => {
    const last = filesOfTrail(directory).at(-1) ?? ''
    writeFileSync(last, `${readFileSync(last, 'utf8')}{"v":1,"seq":`)
    expect(await verify()).toMatchObject({ isSound: true, chains: [{ tornBytes: 13 }] })
    expect(existsSync(last)).toBe(true)
  })
})
