import assert from 'node:assert/strict'
import type { AuditRecord, AuditTrail } from '../audit/audit-trail.ts'
import type { ContractCase } from './contract-case.ts'

/** A trail under test. */
export interface AuditTrailSubject {
  readonly trail: AuditTrail
  /** Everything that is in it, read back from where it is kept. */
  readonly read: () => readonly AuditRecord[] | Promise<readonly AuditRecord[]>
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

/** The contract of `AuditTrail`, as tests. `create` makes an empty trail for each, which refuses when it fails. */
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
      assert.deepEqual(await read(), [])
    }),
    promise('keeps every record whole and in order', async ({ trail, read }) => {
      const records = Array.from({ length: 1_000 }, (_, at) => record(`c${at}`))
      for (const each of records) trail.append(each)
      await trail.flush()
      assert.deepEqual(await read(), records)
    }),
    promise('keeps any text for what it is, in one record', async ({ trail, read }) => {
      const records = ODD.map((text) => record(text, { name: text, rule: text, principalName: text, roles: [text] }))
      for (const each of records) trail.append(each)
      await trail.flush()
      assert.deepEqual(await read(), records)
    }),
    promise('takes records while it is flushed', async ({ trail, read }) => {
      trail.append(record('a'))
      const flushed = [trail.flush(), trail.flush()]
      trail.append(record('b'))
      await Promise.all([...flushed, trail.flush()])
      assert.deepEqual(await names(read), ['a', 'b'])
    }),
    promise('is not changed by what is done to a record afterwards', async ({ trail, read }) => {
      const roles = ['reader']
      trail.append(record('a', { roles }))
      roles.push('admin')
      await trail.flush()
      assert.deepEqual((await read())[0]?.roles, ['reader'])
    }),
    promise('has everything when it is closed, and may be closed twice', async ({ trail, read }) => {
      trail.append(record('a'))
      await Promise.all([trail.close(), trail.close()])
      await trail.close()
      assert.deepEqual(await names(read), ['a'])
    }),
    promise('takes nothing after it is closed, and does not throw', async ({ trail, read }) => {
      await trail.close()
      assert.equal(trail.isWritable, false)
      trail.append(record('late'))
      assert.deepEqual(await read(), [])
    }),
    promise('refuses while it cannot be written, and has everything when it can again', async (subject) => {
      if (subject.spoil === undefined || subject.mend === undefined) return
      const { trail } = subject
      await subject.spoil()
      trail.append(record('a'))
      await assert.rejects(async () => trail.flush(), { code: 'AUDIT_UNAVAILABLE' })
      assert.equal(trail.isWritable, false)
      trail.append(record('b'))
      await subject.mend()
      await trail.flush()
      assert.equal(trail.isWritable, true)
      assert.deepEqual(await names(subject.read), ['a', 'b'])
    }),
  ]
}

async function names(read: AuditTrailSubject['read']): Promise<readonly string[]> {
  return (await read()).map(({ callId }) => callId)
}

function record(callId: string, more: Partial<AuditRecord> = {}): AuditRecord {
  return {
    time: '2026-11-22T00:00:00.000Z',
    callId,
    principal: 'key:abcdefghijkl',
    principalName: 'ci',
    roles: ['reader'],
    transport: 'http',
    era: 'modern',
    method: 'tools/call',
    name: 'get_current_date',
    decision: 'permit',
    rule: 'role reader: allow name get_*',
    status: 'ok',
    durationMs: 1.5,
    ...more,
  }
}
