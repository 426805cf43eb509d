import { describe, expect, it } from 'vitest'
import { type CallEnded, OTHER, UsageTally } from './usage-tally.ts'

const limits = { maxTools: 3, maxClients: 3, maxSeries: 100, maxRows: 1_000 }
const MINUTE = 60_000

const call = (name: string, client = 'ann', more: Partial<CallEnded> = {}): CallEnded => ({
  type: 'call.ended',
  callId: 'c',
  kind: 'tool',
  method: 'tools/call',
  name,
  client,
  transport: 'http',
  era: 'modern',
  status: 'ok',
  durationMs: 3,
  ...more,
})

const counts = (tally: UsageTally): readonly string[] =>
  tally
    .take()
    .map(({ start, tool, client, status, sketch }) => `${start / MINUTE} ${tool} ${client} ${status} ${sketch.count}`)

describe('calls in memory', () => {
  it('are added up by minute, tool, client and status', () => {
    const tally = new UsageTally(limits, () => true)
    for (const at of [0, 1, MINUTE - 1]) tally.add(call('a'), at)
    tally.add(call('a', 'bob'), 5)
    tally.add(call('a', 'ann', { status: 'error' }), 5)
    tally.add(call('b'), MINUTE)
    tally.add(call('a'), 2)
    expect(counts(tally)).toEqual(['0 a ann ok 4', '0 a ann error 1', '0 a bob ok 1', '1 b ann ok 1'])
    expect(counts(tally)).toEqual([])
    tally.add(call('a'), 0)
    expect(counts(tally)).toEqual(['0 a ann ok 1'])
  })

  it('of names that a caller made up take no room', () => {
    const tally = new UsageTally(limits, (name) => name === 'a')
    for (let at = 0; at < 10_000; at += 1) tally.add(call(`made-up-${at}`, 'eve', { status: 'denied' }), 1)
    for (const name of ['__proto__', 'constructor', '', OTHER]) tally.add(call(name, 'eve', { status: 'denied' }), 1)
    tally.add(call('a'), 1)
    expect(counts(tally)).toEqual([`0 ${OTHER} eve denied 10004`, '0 a ann ok 1'])
  })

  it('of more tools and clients than there is room for stand together', () => {
    const tally = new UsageTally(limits, () => true)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'a']) tally.add(call(name), 1)
    for (const client of ['bob', 'eve', 'joe', 'max']) tally.add(call('a', client), 1)
    expect(counts(tally)).toEqual([
      '0 a ann ok 2',
      '0 a bob ok 1',
      '0 a eve ok 1',
      `0 a ${OTHER} ok 2`,
      '0 b ann ok 1',
      '0 c ann ok 1',
      `0 ${OTHER} ann ok 2`,
    ])
  })

  it('of more combinations than there is room for are counted all the same', () => {
    const tally = new UsageTally({ ...limits, maxTools: 1_000, maxClients: 1_000, maxSeries: 10 }, () => true)
    for (let at = 0; at < 5_000; at += 1) tally.add(call(`t${at % 90}`, `c${at % 70}`), 1)
    const rows = tally.take()
    expect(rows.length).toBe(11)
    expect(rows.reduce((sum, { sketch }) => sum + sketch.count, 0)).toBe(5_000)
  })
})
