import { describe, expect, it, vi } from 'vitest'
import {
  createTestEngine,
  holder,
  MASTER_KEY,
  type TestEngine,
  type TestEngineOptions,
} from '../../test/fixtures/engine.ts'
import type { CallCompleted, CallDecided } from '../audit/audit-record.ts'
import { auditUnavailable } from '../audit/audit-unavailable.ts'
import { SubjectKey } from '../audit/subject-key.ts'
import { defineTool } from '../capabilities/definition.ts'
import { connectInMemory } from '../edge/memory/connect-in-memory.ts'

const SECRET = 'tg_abcdefghijkl_0123456789abcdefghijklmnop'

function serve(
  run: (input: { text?: string }) => unknown,
  options: TestEngineOptions = {},
): TestEngine & { call(text: string): Promise<unknown> } {
  const input = { type: 'object', properties: { text: { type: 'string' } } }
  const test = createTestEngine([defineTool({ name: 'echo', tags: ['kept'], input, run: run as never })], options)
  const peer = connectInMemory(test.engine, holder('ann', 'user'))
  return { ...test, call: (text) => peer.request('tools/call', { name: 'echo', arguments: { text } }) }
}

const decided = ({ events }: TestEngine): CallDecided | undefined =>
  events.find((each) => each.event === 'call.decided')
const completed = ({ records }: TestEngine): CallCompleted | undefined => records.at(-1)

/** What was sealed for a subject. */
function open(test: TestEngine, subject: string, sealed: string | undefined): unknown {
  const { wrappedKey = '' } = test.subjectKeys.findSubject(subject) ?? {}
  return JSON.parse(SubjectKey.unwrap(subject, wrappedKey, MASTER_KEY)?.open(sealed ?? '') ?? 'null')
}

describe('the records of a call', () => {
  it('are two: one that it may run, on record before it does, and one of how it ended, before the answer', async () => {
    const order: string[] = []
    const test = serve(() => void order.push('run'))
    const { record } = test.audit
    test.audit.record = async (entry) => {
      await new Promise(setImmediate)
      await record(entry)
      order.push(entry.event)
    }
    await test.call('hi')
    order.push('answer')
    expect(order).toEqual(['call.decided', 'run', 'call.completed', 'answer'])
    const { callId, subject } = decided(test) ?? {}
    expect(completed(test)).toMatchObject({ callId, subject, connector: 'test', decision: 'permit', status: 'ok' })
    expect(completed(test)?.definition).toMatch(/^[\w-]{43}$/)
  })

  it('name nobody, and say of payloads how long they are', async () => {
    const test = serve(({ text }) => text)
    await test.call('hällo')
    expect(JSON.stringify(test.events)).not.toMatch(/ann|hällo/)
    expect(decided(test)?.input).toEqual({ bytes: 17 })
    expect(completed(test)?.input).toBeUndefined()
    expect(completed(test)?.output?.bytes).toBeGreaterThan(10)
  })

  it('have payloads sealed, after masking, where that is asked for; their reader needs the key of the subject', async () => {
    const test = serve(({ text }) => text, { levels: [{ tag: 'kept', level: 'full' }] })
    await test.call(`hello ${SECRET}`)
    expect(JSON.stringify(test.events)).not.toContain('hello')
    const { subject = '', input } = decided(test) ?? {}
    expect(open(test, subject, input?.sealed)).toEqual({ text: 'hello tg_abcdefghijkl_[masked]' })
    expect(completed(test)?.masked).toEqual([{ rule: 'toolgate-key', count: 2 }])
    test.subjectKeys.remove(subject)
    expect(open(test, subject, input?.sealed)).toBeNull()
  })

  it('have digests that are equal for equal texts, and none at the level of none', async () => {
    const digest = serve(() => 'x', { levels: [{ name: 'echo', level: 'digest' }] })
    await digest.call('a')
    await digest.call('a')
    const digests = digest.events.flatMap((each) => (each.event === 'call.decided' ? [each.input?.digest] : []))
    expect(digests[0]).toMatch(/^[\w-]{43}$/)
    expect(digests[1]).toBe(digests[0])
    const none = serve(() => 'x', { levels: [{ name: 'echo', level: 'none' }] })
    await none.call('a')
    expect([decided(none)?.input, completed(none)?.output]).toEqual([undefined, undefined])
  })

  it('that cannot be written before it runs keep it from running', async () => {
    const run = vi.fn(() => 'ran')
    const test = serve(run)
    const { record } = test.audit
    const failing = () => Promise.reject(auditUnavailable('disk', new Error('ENOSPC')))
    test.audit.record = (entry) => (entry.event === 'call.decided' ? failing() : record(entry))
    await expect(test.call('a')).rejects.toMatchObject({ message: expect.stringContaining('nothing was executed') })
    expect(run).not.toHaveBeenCalled()
    expect(completed(test)).toMatchObject({ status: 'denied', code: 'AUDIT_UNAVAILABLE' })
  })

  it('that cannot be written after it ran keep its result back, and the caller is told that it may have run', async () => {
    const run = vi.fn(() => 'the result')
    const test = serve(run)
    const { record } = test.audit
    const failing = () => Promise.reject(auditUnavailable('disk', new Error('ENOSPC')))
    test.audit.record = (entry) => (entry.event === 'call.completed' ? failing() : record(entry))
    const failure = await test.call('a').catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ message: expect.stringContaining('may have had its effect') })
    expect(JSON.stringify(failure)).not.toMatch(/ENOSPC|the result/)
    expect(run).toHaveBeenCalledOnce()
  })

  it('of names that a client made up are cut, and cannot pass for other records', async () => {
    const test = serve(() => 'x')
    const peer = connectInMemory(test.engine, holder('ann', 'user'))
    const name = `","decision":"permit","x":"\n\u202e${'x'.repeat(3_000)}`
    await peer.request('tools/call', { name, arguments: {} }).catch(() => undefined)
    expect(completed(test)).toMatchObject({ decision: 'deny', status: 'denied', code: 'CAPABILITY_NOT_FOUND' })
    expect(completed(test)?.name).toBe(`${name.slice(0, 511)}…`)
  })
})

describe('a list', () => {
  it('is recorded with its names at first, and by its digest after that', async () => {
    const test = serve(() => 'x')
    const peer = connectInMemory(test.engine, holder('ann', 'user'))
    await peer.request('tools/list')
    await peer.request('tools/list')
    const [first, second] = test.events.filter(({ event }) => event === 'list.served')
    expect(first).toMatchObject({ method: 'tools/list', count: 1, names: ['echo'] })
    expect(second).not.toHaveProperty('names')
    expect(second).toMatchObject({ digest: (first as { digest: string }).digest })
  })
})
