import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createTestEngine, holder, type TestEngine, type TestEngineOptions } from '../../test/fixtures/engine.ts'
import type { CallContext } from '../capabilities/call-context.ts'
import { type Definition, definePrompt, defineResource, defineTool } from '../capabilities/definition.ts'
import { UserError } from '../errors.ts'
import { type Call, Cancellation } from './call.ts'
import type { Outcome } from './outcome.ts'
import { serveCall } from './serve-call.ts'

interface Served extends TestEngine {
  readonly sent: unknown[]
  readonly cancellation: Cancellation
  call(name: string, input?: unknown, more?: Partial<Call>): Promise<Outcome>
}

function serve(definitions: readonly Definition[], options: TestEngineOptions = {}): Served {
  const test = createTestEngine(definitions, options)
  const sent: unknown[] = []
  const cancellation = new Cancellation()
  const call = (name: string, input: unknown = {}, more: Partial<Call> = {}): Promise<Outcome> =>
    serveCall(test.engine.guards, {
      id: 'call-1',
      kind: 'tool',
      method: 'tools/call',
      name,
      input,
      principal: holder('ann', 'user'),
      era: 'modern',
      transport: 'http',
      meta: {},
      client: { capabilities: {} },
      inputs: {},
      state: undefined,
      completion: undefined,
      cancellation,
      channel: {
        report: (progress) => void sent.push(progress),
        log: (_level, data) => void sent.push(data),
        closeStream: () => {},
      },
      notify: test.engine.notifier,
      ...more,
    })
  return { ...test, sent, cancellation, call }
}

/** A tool that never answers and says what it was given. */
function endlessTool(more: object = {}): { definition: Definition; context: () => CallContext | undefined } {
  let context: CallContext | undefined
  const run = (_input: unknown, given: CallContext): Promise<never> => {
    context = given
    // Reading the signal makes it: a handler that never looks at it costs none.
    void given.signal
    return new Promise(() => {})
  }
  return { definition: tool(run, more), context: () => context }
}

const codeOf = (outcome: Outcome): string => (outcome.status === 'error' ? outcome.error.code : outcome.status)

const tool = (run: (input: Record<string, unknown>, context: CallContext) => unknown, more: object = {}): Definition =>
  defineTool({ name: 'it', input: { type: 'object' }, run: run as never, ...more })

describe('a call', () => {
  it('is recorded once, whatever becomes of it', async () => {
    const test = serve(
      [
        tool(() => 'ok'),
        defineTool({ name: 'scoped', scopes: ['crm:write'], run: () => 'x' }),
        defineTool({ name: 'hidden', run: () => 'x' }),
      ],
      {
        roles: { user: { scopes: [], allow: [{ name: '*' }], deny: [{ name: 'hidden' }] } },
        limits: { callsPerMinute: 60, burst: 5 },
      },
    )
    for (const name of ['it', 'scoped', 'hidden', 'nowhere', 'it', 'it']) await test.call(name)
    expect(test.records.map(({ name, decision, status, code }) => [name, decision, status, code])).toEqual([
      ['it', 'permit', 'ok', undefined],
      ['scoped', 'deny', 'denied', 'FORBIDDEN'],
      ['hidden', 'deny', 'denied', 'CAPABILITY_NOT_FOUND'],
      ['nowhere', 'deny', 'denied', 'CAPABILITY_NOT_FOUND'],
      ['it', 'permit', 'ok', undefined],
      ['it', 'deny', 'denied', 'RATE_LIMITED'],
    ])
    expect(test.records[1]).toMatchObject({
      roles: ['user'],
      rule: 'role user: allow name *',
      scopesNeeded: ['crm:write'],
    })
    expect(test.observed.filter(({ type }) => type === 'call.ended')).toHaveLength(6)
  })

  it('is recorded under the trace that its caller names, if that is one', async () => {
    const test = serve([tool(() => 'ok')])
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    await test.call('it', {}, { meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
    await test.call('it', {}, { meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01","status":"ok` } })
    await test.call('it')
    expect(test.records.map((record) => record.traceId)).toEqual([traceId, undefined, undefined])
    const ended = test.observed.filter((observation) => observation.type === 'call.ended')
    expect(ended.map((observation) => observation.traceId)).toEqual([traceId, undefined, undefined])
    expect(ended[0]).toMatchObject({ era: 'modern' })
  })

  it('is recorded with when it began and how long it took', async () => {
    let now = Date.UTC(2026, 0, 2, 3, 4, 5, 6)
    const slow = tool(() => {
      now += 1.5
    })
    const test = serve([slow], { clock: () => now })
    await test.call('it')
    expect(test.records[0]).toMatchObject({ time: '2026-01-02T03:04:05.006Z', durationMs: 1.5 })
  })

  it('that lacks a scope is told which; one that may not be known of is not', async () => {
    const test = serve([defineTool({ name: 'scoped', scopes: ['crm:write'], run: () => 'x' })])
    const outcome = await test.call('scoped')
    expect(outcome).toMatchObject({ error: { code: 'FORBIDDEN', data: { missingScopes: ['crm:write'] } } })
  })

  it('over HTTP is limited per principal and told when to come back; a local one is not limited', async () => {
    const test = serve([tool(() => 'ok')], { limits: { callsPerMinute: 1, burst: 1 } })
    expect(codeOf(await test.call('it'))).toBe('ok')
    expect(await test.call('it')).toMatchObject({ error: { code: 'RATE_LIMITED', data: { retryAfter: 60 } } })
    expect(codeOf(await test.call('it', {}, { principal: holder('bob', 'user') }))).toBe('ok')
    expect(codeOf(await test.call('it', {}, { transport: 'stdio' }))).toBe('ok')
  })

  it('is not executed when it could not be recorded', async () => {
    const run = vi.fn(() => 'ran')
    const test = serve([tool(run)])
    test.audit.isWritable = false
    expect(codeOf(await test.call('it'))).toBe('AUDIT_UNAVAILABLE')
    expect(run).not.toHaveBeenCalled()
  })

  it('with wrong arguments does not reach the handler', async () => {
    const run = vi.fn(() => 'ran')
    const test = serve([defineTool({ name: 'it', input: z.object({ a: z.number() }), run })])
    for (const input of [{}, { a: 'x' }, { a: null }, { a: 1, b: 2 }, null, [], 'a']) {
      expect(codeOf(await test.call('it', input))).toBe('INVALID_INPUT')
    }
    expect(run).not.toHaveBeenCalled()
  })

  it('tells what a UserError says and nothing of any other', async () => {
    const thrown: [unknown, string, string][] = [
      [new UserError('No invoice 17.'), 'USER_ERROR', 'No invoice 17.'],
      [new Error('password=hunter2'), 'INTERNAL', 'Something went wrong on the server.'],
      ['password=hunter2', 'INTERNAL', 'Something went wrong on the server.'],
      [undefined, 'INTERNAL', 'Something went wrong on the server.'],
    ]
    for (const [value, code, message] of thrown) {
      for (const isAsync of [true, false]) {
        const run = (): unknown => {
          if (isAsync) return Promise.reject(value)
          throw value
        }
        const outcome = await serve([tool(run)]).call('it')
        expect(outcome).toMatchObject({ status: 'error', error: { code, message } })
      }
    }
  })
})

describe('a handler', () => {
  it('that never answers is stopped at its deadline and told so', async () => {
    vi.useFakeTimers()
    const endless = endlessTool({ timeoutMs: 500 })
    const test = serve([endless.definition])
    const outcome = test.call('it')
    await vi.advanceTimersByTimeAsync(499)
    expect(endless.context()?.signal.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(codeOf(await outcome)).toBe('TIMED_OUT')
    expect(endless.context()?.signal.aborted).toBe(true)
    vi.useRealTimers()
  })

  it('that reports progress has its deadline anew, up to the hard maximum', async () => {
    vi.useFakeTimers()
    const endless = (_input: unknown, { report }: CallContext): unknown => {
      let progress = 0
      setInterval(() => report({ progress: ++progress }), 450)
      return new Promise(() => {})
    }
    const test = serve([tool(endless)], { limits: { deadlineMs: 500, maxDeadlineMs: 2000 } })
    let settled: Outcome | undefined
    void test.call('it').then((outcome) => (settled = outcome))
    await vi.advanceTimersByTimeAsync(1999)
    expect(settled).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(codeOf(settled as Outcome)).toBe('TIMED_OUT')
    expect(test.sent).toHaveLength(4)
    vi.useRealTimers()
  })

  it('that has answered is not cancelled afterwards, and reaches its caller no more', async () => {
    let context: CallContext | undefined
    const test = serve([
      tool((_input, given) => {
        context = given
        return Promise.resolve(given.signal.aborted)
      }),
    ])
    await test.call('it')
    test.cancellation.cancel()
    context?.report({ progress: 1 })
    context?.log('info', 'late')
    expect(context?.signal.aborted).toBe(false)
    expect(test.sent).toEqual([])
  })

  it('is told when its caller cancels', async () => {
    const endless = endlessTool()
    const test = serve([endless.definition])
    const outcome = test.call('it')
    await vi.waitFor(() => expect(endless.context()).toBeDefined())
    test.cancellation.cancel()
    expect(codeOf(await outcome)).toBe('CANCELLED')
    expect(endless.context()?.signal.aborted).toBe(true)
    expect(test.records.at(-1)).toMatchObject({ status: 'cancelled', decision: 'permit' })
  })

  it('that is cancelled before it begins is never begun, and ends at once', async () => {
    let runs = 0
    const begun = () => {
      runs += 1
      return new Promise<never>(() => {})
    }
    const test = serve([tool(begun)])
    const outcome = test.call('it')
    test.cancellation.cancel()
    expect(codeOf(await outcome)).toBe('CANCELLED')
    expect(runs).toBe(0)
    expect(test.records.at(-1)).toMatchObject({ status: 'cancelled', decision: 'permit' })
  })

  it('that floods its caller is cut off; its answer still comes', async () => {
    const flood = (_input: unknown, { log }: CallContext): string => {
      for (let count = 0; count < 10_000; count += 1) log('info', count)
      return 'done'
    }
    const test = serve([tool(flood)], { limits: { maxNotificationsPerCall: 50 } })
    expect(codeOf(await test.call('it'))).toBe('ok')
    expect(test.sent).toHaveLength(50)
  })

  it('that reports in a hurry is slowed down; its last report comes through', async () => {
    const hurry = (_input: unknown, { report }: CallContext): string => {
      for (let progress = 1; progress <= 500; progress += 1) report({ progress, total: 500 })
      return 'done'
    }
    const test = serve([tool(hurry)])
    await test.call('it')
    expect(test.sent.length).toBeLessThan(50)
    expect(test.sent.at(-1)).toEqual({ progress: 500, total: 500 })
  })

  it('reports progress that only grows', async () => {
    const test = serve([
      tool((_input, { report }) => {
        for (const progress of [1, 3, 3, 2, Number.NaN, 4]) report({ progress })
        return ''
      }),
    ])
    await test.call('it')
    expect(test.sent).toEqual([{ progress: 1 }, { progress: 3 }, { progress: 4 }])
  })
})

describe('what a tool returns', () => {
  const returned = async (value: unknown, more: object = {}): Promise<unknown> => {
    const outcome = await serve([tool(() => value, more)]).call('it')
    return outcome.status === 'ok' ? outcome.result : codeOf(outcome)
  }
  const text = (value: string): object => ({ content: [{ type: 'text', text: value }] })

  it('becomes content', async () => {
    expect(await returned('hi')).toEqual(text('hi'))
    expect(await returned(5)).toEqual(text('5'))
    expect(await returned({ a: 1 })).toEqual(text('{"a":1}'))
    expect(await returned([{ a: 1 }])).toEqual(text('[{"a":1}]'))
    expect(await returned(undefined)).toEqual({ content: [] })
    expect(await returned([{ type: 'text', text: 'a' }])).toEqual(text('a'))
    expect(await returned({ type: 'image', data: 'aGk=', mimeType: 'image/png' })).toMatchObject({
      content: [{ type: 'image' }],
    })
    expect(await returned({ content: [], isError: true })).toEqual({ content: [], isError: true })
  })

  it('becomes structured when an output schema is declared, and must fit it', async () => {
    const output = { output: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] } }
    expect(await returned({ n: 1 }, output)).toEqual({ ...text('{"n":1}'), structuredContent: { n: 1 } })
    expect(await returned({ ...text('one'), structuredContent: { n: 1 } }, output)).toEqual({
      ...text('one'),
      structuredContent: { n: 1 },
    })
    expect(await returned({ ...text('failed'), isError: true }, output)).toEqual({ ...text('failed'), isError: true })
    for (const wrong of [{ n: 'x' }, 'text', undefined, text('no structure'), { ...text(''), structuredContent: {} }]) {
      expect(await returned(wrong, output)).toBe('INVALID_OUTPUT')
    }
  })

  it('of a shape that cannot be sent is an error that quotes nothing', async () => {
    const circular: Record<string, unknown> = { secret: 'hunter2' }
    circular.self = circular
    for (const wrong of [circular, 10n, () => 1, { content: ['text'] }, { content: [{ type: 'video' }] }]) {
      expect(await returned(wrong)).toBe('INVALID_OUTPUT')
    }
  })
})

describe('what a resource or prompt returns', () => {
  it('becomes contents', async () => {
    const read = async (value: unknown): Promise<unknown> => {
      const test = serve([
        defineResource({ name: 'r', uri: 'db://a', mimeType: 'text/plain', read: () => value as string }),
      ])
      const outcome = await test.call('db://a', undefined, { kind: 'resource', method: 'resources/read' })
      return outcome.status === 'ok' ? outcome.result : codeOf(outcome)
    }
    expect(await read('hi')).toEqual({ contents: [{ uri: 'db://a', mimeType: 'text/plain', text: 'hi' }] })
    expect(await read(new Uint8Array([104, 105]))).toEqual({
      contents: [{ uri: 'db://a', mimeType: 'text/plain', blob: 'aGk=' }],
    })
    expect(await read({ a: 1 })).toMatchObject({ contents: [{ text: '{"a":1}' }] })
    expect(await read([{ uri: 'db://b', text: 'x' }])).toEqual({ contents: [{ uri: 'db://b', text: 'x' }] })
    expect(await read(undefined)).toBe('INVALID_OUTPUT')
    expect(await read({ contents: [{ uri: 'db://b' }] })).toBe('INVALID_OUTPUT')
  })

  it('becomes messages', async () => {
    const get = async (value: unknown): Promise<unknown> => {
      const test = serve([definePrompt({ name: 'p', description: 'd', run: () => value as string })])
      const outcome = await test.call('p', {}, { kind: 'prompt', method: 'prompts/get' })
      return outcome.status === 'ok' ? outcome.result : codeOf(outcome)
    }
    expect(await get('hi')).toEqual({
      description: 'd',
      messages: [{ role: 'user', content: { type: 'text', text: 'hi' } }],
    })
    expect(await get([{ role: 'assistant', content: { type: 'text', text: 'a' } }])).toMatchObject({
      messages: [{ role: 'assistant' }],
    })
    expect(await get([{ role: 'system', content: { type: 'text', text: 'a' } }])).toBe('INVALID_OUTPUT')
    expect(await get(5)).toBe('INVALID_OUTPUT')
  })
})

describe('a completion', () => {
  const definition = defineResource({
    name: 'rows',
    uriTemplate: 'db://{table}/{id}',
    complete: { table: (typed) => Array.from({ length: 150 }, (_, row) => `${typed}${row}`) },
    read: () => '',
  })
  const ask = (argument: string, name = 'db://{table}/{id}'): Promise<Outcome> =>
    serve([definition]).call(name, undefined, {
      kind: 'completion',
      method: 'completion/complete',
      completion: { of: 'resourceTemplate', argument, typed: 'c', arguments: {} },
    })

  it('has at most a hundred values', async () => {
    const outcome = await ask('table')
    expect(outcome).toMatchObject({ result: { completion: { total: 150, hasMore: true } } })
    expect((outcome as { result: { completion: { values: string[] } } }).result.completion.values).toHaveLength(100)
  })

  it('knows its arguments', async () => {
    expect(await ask('id')).toMatchObject({ result: { completion: { values: [] } } })
    expect(codeOf(await ask('constructor'))).toBe('INVALID_PARAMS')
    expect(codeOf(await ask('id', 'db://{other}'))).toBe('CAPABILITY_NOT_FOUND')
  })
})
