import assert from 'node:assert/strict'
import type { AuditEvent, AuthRefused } from '../audit/audit-record.ts'
import { type AuditTrail, toEntry } from '../audit/audit-trail.ts'
import type { ContractCase } from './contract-case.ts'

/** A trail under test. */
export interface AuditTrailSubject {
  readonly trail: AuditTrail
  /** Everything that is in it, read back from where it is kept. */
  readonly read: () => readonly AuditEvent[] | Promise<readonly AuditEvent[]>
  /** Makes it impossible to write, and possible again, where that can be done to it. */
  readonly spoil?: () => void | Promise<void>
  readonly mend?: () => void | Promise<void>
}

const ODD = [
  '"',
  '\\',
  '\n',
  '\r\n',
  '\u0000',
  '\u0085',
  '\u2028',
  '\u202e',
  '\ud83d\udd11',
  '{"x":1}\n',
  'x'.repeat(70_000),
]

/** The contract of `AuditTrail`, as tests. `create` makes an empty, strict trail for each. */
export function auditTrailSuite(create: () => AuditTrailSubject | Promise<AuditTrailSubject>): readonly ContractCase[] {
  const promise = (name: string, check: (subject: AuditTrailSubject) => Promise<void>): ContractCase => ({
    name,
    run: async () => {
      const subject = await create()
      try {
        await check(subject)
      } finally {
        await subject.trail.close()
      }
    },
  })
  return [
    promise('can be written at first', async ({ trail, read }) => {
      assert.equal(trail.isWritable, true)
      await trail.flush()
      assert.deepEqual(await names(read), [])
    }),
    promise('keeps every record whole and in order', async ({ trail, read }) => {
      const events = Array.from({ length: 1_000 }, (_, at) => refused(`c${at}`))
      for (const each of events) trail.append(toEntry(each))
      await trail.flush()
      assert.deepEqual(
        await names(read),
        events.map(({ address }) => address),
      )
    }),
    promise('keeps any text for what it is, in one record', async ({ trail, read }) => {
      for (const text of ODD) trail.append(toEntry(refused(text)))
      await trail.flush()
      assert.deepEqual(await names(read), ODD)
    }),
    promise('has a record when its promise resolves', async ({ trail, read }) => {
      await trail.record(toEntry(refused('a')))
      assert.deepEqual(await names(read), ['a'])
      await Promise.all(['b', 'c', 'd'].map((name) => trail.record(toEntry(refused(name)))))
      assert.deepEqual(await names(read), ['a', 'b', 'c', 'd'])
    }),
    promise('takes records while it is flushed', async ({ trail, read }) => {
      trail.append(toEntry(refused('a')))
      const flushed = [trail.flush(), trail.flush()]
      trail.append(toEntry(refused('b')))
      await Promise.all([...flushed, trail.flush()])
      assert.deepEqual(await names(read), ['a', 'b'])
    }),
    promise('has everything when it is closed, and may be closed twice', async ({ trail, read }) => {
      trail.append(toEntry(refused('a')))
      await Promise.all([trail.close(), trail.close()])
      await trail.close()
      assert.deepEqual(await names(read), ['a'])
    }),
    promise('takes nothing after it is closed, and does not throw', async ({ trail, read }) => {
      await trail.close()
      assert.equal(trail.isWritable, false)
      trail.append(toEntry(refused('late')))
      await assert.rejects(async () => trail.record(toEntry(refused('late'))), { code: 'AUDIT_UNAVAILABLE' })
      assert.deepEqual(await names(read), [])
    }),
    promise('refuses while it cannot be written, and has everything when it can again', async (subject) => {
      if (subject.spoil === undefined || subject.mend === undefined) return
      const { trail } = subject
      await subject.spoil()
      await assert.rejects(async () => trail.record(toEntry(refused('a'))), { code: 'AUDIT_UNAVAILABLE' })
      assert.equal(trail.isWritable, false)
      trail.append(toEntry(refused('b')))
      await assert.rejects(async () => trail.flush(), { code: 'AUDIT_UNAVAILABLE' })
      await subject.mend()
      await trail.flush()
      assert.equal(trail.isWritable, true)
      assert.deepEqual(await names(subject.read), ['a', 'b'])
    }),
  ]
}

async function names(read: AuditTrailSubject['read']): Promise<readonly string[]> {
  return (await read()).flatMap((event) => (event.event === 'auth.refused' ? [event.address] : []))
}

function refused(address: string): AuthRefused {
  return { time: '2026-11-22T00:00:00.000Z', event: 'auth.refused', reason: 'unknown', address, count: 1 }
}
