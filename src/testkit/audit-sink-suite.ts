import assert from 'node:assert/strict'
import type { TrailLine } from '../audit/read-after.ts'
import type { AuditSink } from '../audit/sinks/audit-sink.ts'
import type { ContractCase } from './contract-case.ts'

/** A sink under test, with the other side of it. */
export interface AuditSinkSubject {
  readonly sink: AuditSink
  /** The lines that the other side took, in order; resolves when there are so many. The records are native lines. */
  readonly received: (count: number) => Promise<readonly string[]>
  /** Makes the other side take nothing, and take again, where that can be done to it. */
  readonly spoil?: () => void | Promise<void>
  readonly mend?: () => void | Promise<void>
  readonly close: () => void | Promise<void>
}

/** The contract of `AuditSink`, as tests. `create` makes one for each, and another side that is there. */
export function auditSinkSuite(create: () => AuditSinkSubject | Promise<AuditSinkSubject>): readonly ContractCase[] {
  const promise = (name: string, check: (subject: AuditSinkSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const subject = await create()
      try {
        await check(subject)
      } finally {
        await subject.sink.close()
        await subject.close()
      }
    },
  })
  const { signal } = new AbortController()
  return [
    promise('hands every record over, whole and in order', async ({ sink, received }) => {
      const lines = Array.from({ length: 250 }, (_, at) => trailLine(at, `tool ${at}`))
      await sink.send(lines.slice(0, 100), signal)
      await sink.send(lines.slice(100), signal)
      assert.deepEqual(
        await received(250),
        lines.map(({ line }) => line),
      )
    }),
    promise('keeps apart what looks like an end, and text of any script', async ({ sink, received }) => {
      const odd = ['\n', '\r\n', '<13>1 - - - - - - x', '12 <13>', 'ключ 🔑', '"]\\', '\u0000', 'x'.repeat(30_000)]
      const lines = odd.map((name, at) => trailLine(at, name))
      await sink.send(lines, signal)
      assert.deepEqual(
        await received(odd.length),
        lines.map(({ line }) => line),
      )
    }),
    promise('rejects while the other side takes nothing, and goes on afterwards', async (subject) => {
      const { sink, received, spoil, mend } = subject
      if (spoil === undefined || mend === undefined) return
      const lines = Array.from({ length: 3 }, (_, at) => trailLine(at, `tool ${at}`))
      await sink.send(lines.slice(0, 1), signal)
      await received(1)
      await spoil()
      await assert.rejects(sink.send(lines.slice(1), signal))
      await mend()
      await sink.send(lines.slice(1), signal)
      const all = await received(3)
      // What came with the batch that was rejected may stand there twice.
      assert.deepEqual(
        [...new Set(all)],
        lines.map(({ line }) => line),
      )
    }),
    promise('stops when it is told to', async ({ sink }) => {
      await assert.rejects(sink.send([trailLine(0, 'tool')], AbortSignal.abort()))
    }),
    promise('can be closed twice', async ({ sink }) => {
      await sink.send([trailLine(0, 'tool')], signal)
      await sink.close()
      await sink.close()
    }),
  ]
}

function trailLine(seq: number, name: string): TrailLine {
  const call = { callId: `c${seq}`, subject: 's_a', roles: [], kind: 'tool', method: 'tools/call', name } as const
  const how = {
    transport: 'http',
    era: 'modern',
    decision: 'permit',
    rule: 'role a: allow everything',
    policy: 'p',
  } as const
  const time = '2026-11-22T00:00:00.000Z'
  const record = { v: 1, seq, time, event: 'call.decided', ...call, ...how, hash: 'h' } as const
  const line = JSON.stringify(record)
  return { record, line, chain: 'c', segment: '000000000000.jsonl', offset: 0, length: Buffer.byteLength(line) }
}
