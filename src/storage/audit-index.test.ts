import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AuditIndex, IndexedRecord, IndexQuery } from './audit-index.ts'
import { isDamaged, openAuditIndex } from './sqlite/audit-index.ts'
import { openDatabase } from './sqlite/open-database.ts'

let folder = ''
const opened: AuditIndex[] = []
const file = (): string => join(folder, 'audit', 'index.db')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-index-'))
})
afterEach(() => {
  for (const index of opened.splice(0)) index.close()
  rmSync(folder, { recursive: true, force: true })
})

function open(): AuditIndex {
  const index = openAuditIndex({ file: file(), driver: 'libsql' })
  opened.push(index)
  return index
}

const record = (offset: number, members: Partial<IndexedRecord> = {}): IndexedRecord => ({
  offset,
  length: 10,
  time: offset,
  event: 'call.completed',
  ...members,
})
const found = (index: AuditIndex, query: IndexQuery): number[] => [...index.find(query)].map(({ offset }) => offset)
const stretch = (from: number, to: number, segment = 's'): Parameters<AuditIndex['add']>[0] => ({
  chain: 'c',
  segment,
  from,
  to,
})

describe('an index of the trail', () => {
  it('finds by every member, newest first', () => {
    const index = open()
    index.add(stretch(0, 60), [
      record(0, { callId: 'a', name: 'read', subject: 's_1', status: 'ok', decision: 'permit' }),
      record(10, { callId: 'b', name: 'read', subject: 's_2', status: 'error', code: 'INTERNAL', decision: 'permit' }),
      record(20, { callId: 'c', name: 'write', subject: 's_1', status: 'denied', code: 'FORBIDDEN', decision: 'deny' }),
      record(30, { event: 'checkpoint' }),
    ])
    expect(found(index, {})).toEqual([30, 20, 10, 0])
    expect(found(index, { callId: 'b' })).toEqual([10])
    expect(found(index, { name: 'read' })).toEqual([10, 0])
    expect(found(index, { name: 'read', since: 5 })).toEqual([10])
    expect(found(index, { since: 10, until: 30 })).toEqual([20, 10])
    expect(found(index, { subjects: ['s_1', 's_3'] })).toEqual([20, 0])
    expect(found(index, { subjects: [] })).toEqual([])
    expect(found(index, { status: 'error' })).toEqual([10])
    expect(found(index, { code: 'FORBIDDEN', decision: 'deny' })).toEqual([20])
    expect(found(index, { event: 'checkpoint' })).toEqual([30])
    expect(found(index, { name: "read' OR 1=1 --" })).toEqual([])
    expect([...index.find({ callId: 'a' })]).toEqual([{ chain: 'c', segment: 's', offset: 0, length: 10 }])
  })

  it('finds all of many, in pages that neither repeat nor lose any, where many have one time', () => {
    const index = open()
    index.add(
      stretch(0, 5_000),
      Array.from({ length: 5_000 }, (_, at) => record(at, { time: at % 3, name: 'x' })),
    )
    const all = found(index, { name: 'x' })
    expect(all).toHaveLength(5_000)
    expect(new Set(all).size).toBe(5_000)
  })

  it('takes a stretch only where the one before it ends, so that two processes add nothing twice', () => {
    const [one, other] = [open(), open()]
    expect(one.add(stretch(0, 10), [record(0)])).toBe(true)
    expect(other.add(stretch(0, 10), [record(0)])).toBe(false)
    expect(other.add(stretch(10, 20), [record(10)])).toBe(true)
    expect(one.indexed('c')).toEqual(new Map([['s', 20]]))
    expect(found(one, {})).toEqual([10, 0])
  })

  it('forgets a segment and nothing else', () => {
    const index = open()
    index.add(stretch(0, 10, 's'), [record(0, { name: 'a' })])
    index.add(stretch(0, 10, 't'), [record(5, { name: 'a' })])
    index.forget('c', 's')
    expect(found(index, { name: 'a' })).toEqual([5])
    expect(index.chains()).toEqual(['c'])
  })

  it('is for its owner alone', () => {
    open().add(stretch(0, 10), [record(0)])
    expect(statSync(file()).mode & 0o777).toBe(0o600)
  })

  it('is made anew when its file is no database, and when it is of another version', () => {
    mkdirSync(join(folder, 'audit'))
    writeFileSync(file(), 'this is no database '.repeat(500))
    const index = open()
    index.add(stretch(0, 10), [record(0)])
    expect(found(index, {})).toEqual([0])
    const other = openDatabase(file(), 'libsql')
    other.exec('PRAGMA user_version = 99')
    other.close()
    expect(found(open(), {})).toEqual([])
  })

  it('says that it is damaged when its pages are', () => {
    const index = open()
    index.add(
      stretch(0, 9_000),
      Array.from({ length: 3_000 }, (_, at) => record(at, { name: `name ${at}`, callId: `${at}` })),
    )
    index.close()
    opened.pop()
    const other = openDatabase(file(), 'libsql')
    other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    other.close()
    const { size } = statSync(file())
    const bytes = readFileSync(file())
    bytes.fill(0xff, 8_192, size)
    writeFileSync(file(), bytes)
    let thrown: unknown
    try {
      found(open(), {})
    } catch (failure) {
      thrown = failure
    }
    expect(isDamaged(thrown)).toBe(true)
  })
})
