import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTestEngine, holder, type TestEngine, type TestEngineOptions } from '../../test/fixtures/engine.ts'
import type { CallContext } from '../capabilities/call-context.ts'
import { type Definition, defineTool } from '../capabilities/definition.ts'
import { inputRequired } from '../capabilities/input-required.ts'
import { UserError } from '../errors.ts'
import { type Call, Cancellation } from './call.ts'
import { fingerprintCall } from './fingerprint-call.ts'
import type { Outcome } from './outcome.ts'
import { serveCall } from './serve-call.ts'

interface Served extends TestEngine {
  call(name: string, more?: Partial<Call> & { readonly key?: unknown }): Promise<Outcome>
}

function serve(definitions: readonly Definition[], options: TestEngineOptions = {}): Served {
  const test = createTestEngine(definitions, options)
  let count = 0
  const call: Served['call'] = (name, { key, ...more } = {}) => {
    count += 1
    return serveCall(test.engine.guards, {
      id: `call-${count}`,
      kind: 'tool',
      method: 'tools/call',
      name,
      input: {},
      principal: holder('ann', 'user'),
      era: 'modern',
      transport: 'http',
      meta: key === undefined ? {} : { idempotencyKey: key },
      client: { capabilities: {} },
      inputs: {},
      state: undefined,
      completion: undefined,
      cancellation: new Cancellation(),
      channel: { report: () => {}, log: () => {}, closeStream: () => {} },
      notify: test.engine.notifier,
      ...more,
    })
  }
  return { ...test, call }
}

/** A tool that counts how often it was executed; `more` may say that it is idempotent. */
function counter(name = 'pay', more: object = {}): { definition: Definition; executed: () => number } {
  let count = 0
  const run = (): string => {
    count += 1
    return `${name} ${count}`
  }
  return { definition: defineTool({ name, input: { type: 'object' }, run, ...more }), executed: () => count }
}

const idempotent = { annotations: { idempotentHint: true } }

/** A tool that waits to be told to go on. */
function held(more: object = {}) {
  let go: (how?: 'fail') => void = () => {}
  let begun: () => void = () => {}
  let count = 0
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve
  })
  const definition = defineTool({
    name: 'held',
    run: (_: unknown, context: CallContext) => {
      count += 1
      void context.signal
      begun()
      return new Promise<string>((resolve, reject) => {
        go = (how) => (how === 'fail' ? reject(new Error('down')) : resolve(`held ${count}`))
      })
    },
    ...more,
  })
  return { definition, hasBegun, go: (how?: 'fail') => go(how), executed: () => count }
}

const textOf = (outcome: Outcome): unknown => {
  if (outcome.status === 'error') return outcome.error.code
  if (outcome.status !== 'ok') return outcome.status
  return (outcome.result as { content: { text: string }[] }).content[0]?.text
}
const replayOf = (outcome: Outcome): unknown =>
  outcome.status === 'ok'
    ? (outcome.result as { _meta?: Record<string, unknown> })._meta?.['dev.toolgate/replayOf']
    : undefined

describe('a call with an idempotency key', () => {
  it('is executed once; a retry is given the same result and says whose it is', async () => {
    const pay = counter()
    const { call } = serve([pay.definition])
    const first = await call('pay', { key: 'k1', input: { amount: 1, to: 'x' } })
    const again = await call('pay', { key: 'k1', input: { to: 'x', amount: 1 } })
    expect([textOf(first), textOf(again)]).toEqual(['pay 1', 'pay 1'])
    expect([replayOf(first), replayOf(again)]).toEqual([undefined, 'call-1'])
    expect(pay.executed()).toBe(1)
    expect(textOf(await call('pay', { key: 'k2', input: { amount: 1, to: 'x' } }))).toBe('pay 2')
  })

  it('with other arguments, or of another tool, is refused', async () => {
    const [pay, book] = [counter('pay'), counter('book')]
    const { call } = serve([pay.definition, book.definition])
    await call('pay', { key: 'k', input: { amount: 1 } })
    expect(textOf(await call('pay', { key: 'k', input: { amount: 2 } }))).toBe('IDEMPOTENCY_CONFLICT')
    expect(textOf(await call('book', { key: 'k', input: { amount: 1 } }))).toBe('IDEMPOTENCY_CONFLICT')
    expect([pay.executed(), book.executed()]).toEqual([1, 0])
  })

  it('never meets the key of another principal', async () => {
    const pay = counter()
    const { call } = serve([pay.definition])
    await call('pay', { key: 'k' })
    const other = await call('pay', { key: 'k', principal: holder('bob', 'user') })
    expect([textOf(other), replayOf(other)]).toEqual(['pay 2', undefined])
    // Neither a name nor a key can pass for the border between the two.
    const odd = await call('pay', { key: 'k', principal: { ...holder('x', 'user'), id: 'key:ann\0k' } })
    expect(replayOf(odd)).toBeUndefined()
  })

  it('joins the first one while it runs', async () => {
    const tool = held()
    const { call } = serve([tool.definition])
    const first = call('held', { key: 'k' })
    await tool.hasBegun
    const others = [call('held', { key: 'k' }), call('held', { key: 'k' })]
    await Promise.resolve()
    tool.go()
    expect((await Promise.all([first, ...others])).map(textOf)).toEqual(['held 1', 'held 1', 'held 1'])
    expect(tool.executed()).toBe(1)
  })

  it('runs to its end when its caller leaves, so that the caller finds the result when it is back', async () => {
    const tool = held()
    const { call, engine } = serve([tool.definition])
    const cancellation = new Cancellation()
    const first = call('held', { key: 'k', cancellation })
    await tool.hasBegun
    cancellation.cancel()
    expect(textOf(await first)).toBe('CANCELLED')
    expect(engine.guards.inFlight.count).toBe(1)
    const again = call('held', { key: 'k' })
    tool.go()
    expect(textOf(await again)).toBe('held 1')
    expect(tool.executed()).toBe(1)
    await engine.guards.inFlight.idle()
  })

  it('that failed inside fails the same way again: nobody knows whether it had its effect', async () => {
    const tool = held()
    const { call } = serve([tool.definition])
    const first = call('held', { key: 'k' })
    await tool.hasBegun
    tool.go('fail')
    expect(textOf(await first)).toBe('INTERNAL')
    expect(textOf(await call('held', { key: 'k' }))).toBe('INTERNAL')
    expect(tool.executed()).toBe(1)
  })

  it('that the handler refused is refused in the same words', async () => {
    let count = 0
    const refuse = defineTool({
      name: 'refuse',
      run: () => {
        count += 1
        throw new UserError(`No ${count}.`)
      },
    })
    const { call } = serve([refuse])
    const outcomes = [await call('refuse', { key: 'k' }), await call('refuse', { key: 'k' })]
    expect(outcomes.map((each) => each.status === 'error' && each.error.message)).toEqual(['No 1.', 'No 1.'])
  })

  it('that a guard refused before it ran is free to be made again', async () => {
    const pay = counter()
    const { call, audit } = serve([pay.definition])
    audit.isWritable = false
    expect(textOf(await call('pay', { key: 'k' }))).toBe('AUDIT_UNAVAILABLE')
    audit.isWritable = true
    expect(textOf(await call('pay', { key: 'k' }))).toBe('pay 1')
  })

  it('that asks its user first is remembered when it has ended', async () => {
    let count = 0
    const confirm = defineTool({
      name: 'confirm',
      run: (_: unknown, { inputs, state }: CallContext) => {
        if (state === undefined) return inputRequired({ requests: {}, state: 'asked' })
        count += 1
        return `done ${count} ${Object.keys(inputs).length}`
      },
    })
    const { call } = serve([confirm])
    expect(textOf(await call('confirm', { key: 'k' }))).toBe('input_required')
    expect(textOf(await call('confirm', { key: 'k', state: 'asked' }))).toBe('done 1 0')
    expect(textOf(await call('confirm', { key: 'k', state: 'asked' }))).toBe('done 1 0')
    expect(count).toBe(1)
  })

  it('is forgotten when its time is over', async () => {
    let now = 0
    const pay = counter()
    const { call } = serve([pay.definition], { clock: () => now, idempotency: { keyTtlMs: 1_000 } })
    await call('pay', { key: 'k' })
    now = 999
    expect(textOf(await call('pay', { key: 'k' }))).toBe('pay 1')
    now = 1_000
    expect(textOf(await call('pay', { key: 'k' }))).toBe('pay 2')
  })

  it('whose result is too large to keep is not executed again', async () => {
    const pay = counter()
    const { call } = serve([pay.definition], { idempotency: { maxResultBytes: 10 } })
    await call('pay', { key: 'k' })
    const again = await call('pay', { key: 'k' })
    expect(again).toMatchObject({
      status: 'error',
      error: { code: 'IDEMPOTENCY_CONFLICT', data: { callId: 'call-1' } },
    })
    expect(pay.executed()).toBe(1)
  })

  it('must have one that could be one', async () => {
    const pay = counter()
    const { call } = serve([pay.definition])
    for (const key of ['', 7, null, {}, 'x'.repeat(256), 'a b', 'ä', '\0']) {
      expect(textOf(await call('pay', { key }))).toBe('INVALID_PARAMS')
    }
    expect(pay.executed()).toBe(0)
  })

  it('leaves memory bounded, and of a flood only the flooder feels it', async () => {
    const pay = counter()
    const { call } = serve([pay.definition], { idempotency: { max: 60, maxPerPrincipal: 50 } })
    await call('pay', { key: 'mine', principal: holder('bob', 'user') })
    for (let at = 0; at < 500; at += 1) await call('pay', { key: `flood-${at}` })
    expect(textOf(await call('pay', { key: 'mine', principal: holder('bob', 'user') }))).toBe('pay 1')
    expect(textOf(await call('pay', { key: 'flood-0' }))).toBe('pay 502')
  })
})

describe('a tool that says that it is idempotent', () => {
  it('answers an immediate repetition from memory, within the window', async () => {
    let now = 0
    const set = counter('set', idempotent)
    const { call } = serve([set.definition], { clock: () => now, idempotency: { windowMs: 1_000 } })
    await call('set', { input: { x: 1 } })
    expect(textOf(await call('set', { input: { x: 1 } }))).toBe('set 1')
    now = 1_000
    expect(textOf(await call('set', { input: { x: 1 } }))).toBe('set 2')
  })

  it('executes the same call again after another one: it is no repetition any more', async () => {
    const [set, other] = [counter('set', idempotent), counter('other')]
    const { call } = serve([set.definition, other.definition])
    await call('set', { input: { x: 1 } })
    await call('set', { input: { x: 2 } })
    expect(textOf(await call('set', { input: { x: 1 } }))).toBe('set 3')
    await call('other')
    expect(textOf(await call('set', { input: { x: 1 } }))).toBe('set 4')
  })

  it('that only reads, or where the window is 0, is executed every time', async () => {
    const read = counter('read', { annotations: { idempotentHint: true, readOnlyHint: true } })
    const set = counter('set', idempotent)
    const { call } = serve([read.definition, set.definition], { idempotency: { windowMs: 0 } })
    for (let at = 0; at < 3; at += 1) await Promise.all([call('read'), call('set')])
    expect([read.executed(), set.executed()]).toEqual([3, 3])
  })

  it('does not let one who joined go down with the first', async () => {
    const tool = held(idempotent)
    const { call } = serve([tool.definition])
    const cancellation = new Cancellation()
    const first = call('held', { cancellation })
    await tool.hasBegun
    const joined = call('held')
    await new Promise(setImmediate)
    cancellation.cancel()
    expect(textOf(await first)).toBe('CANCELLED')
    await new Promise(setImmediate)
    tool.go()
    expect(textOf(await joined)).toBe('held 2')
  })
})

it('a fingerprint is the same for the same call alone, however its members are ordered', () => {
  const print = (input: unknown): string => fingerprintCall({ name: 'x', input } as Call)
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, each]) => [key, shuffled(each)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
      expect(print(shuffled(one))).toBe(print(one))
      const isSame = fc.stringify(JSON.parse(JSON.stringify(one))) === fc.stringify(JSON.parse(JSON.stringify(other)))
      if (isSame) expect(print(other)).toBe(print(one))
    }),
  )
  expect(print({ a: 1, b: [1, 2] })).not.toBe(print({ a: 1, b: [2, 1] }))
  expect(print({ a: '1' })).not.toBe(print({ a: 1 }))
})
