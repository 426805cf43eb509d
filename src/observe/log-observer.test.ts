import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../errors.ts'
import { createLogObserver, type LogPlace } from './log-observer.ts'
import type { Observation } from './observation.ts'

type CallEnded = Extract<Observation, { type: 'call.ended' }>

const call: CallEnded = {
  type: 'call.ended',
  callId: 'c1',
  kind: 'tool',
  method: 'tools/call',
  name: 'get_current_date',
  client: 'ci',
  transport: 'http',
  era: 'modern',
  status: 'ok',
  durationMs: 1.23456,
}

function log(observations: readonly Observation[], level: LogPlace['level'] = 'debug'): string[] {
  const lines: string[] = []
  const observer = createLogObserver({ level, write: (line) => lines.push(line), clock: () => 0 })
  for (const observation of observations) observer(observation)
  return lines
}

const logOne = (observation: Observation): Record<string, unknown> => JSON.parse(log([observation])[0] ?? '{}')

describe('the log', () => {
  it('has one line for a call: tool, client, duration, status, call id', () => {
    expect(log([call])).toEqual([
      '{"level":"info","time":"1970-01-01T00:00:00.000Z","method":"tools/call","tool":"get_current_date","client":"ci",' +
        '"durationMs":1.235,"status":"ok","callId":"c1","transport":"http","era":"modern","msg":"tools/call get_current_date ok"}',
    ])
  })

  it('tells the tenant and the trace of a call that has them', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    expect(logOne({ ...call, tenant: 'acme', traceId })).toMatchObject({ tenant: 'acme', traceId })
  })

  it('names a resource and a prompt as what they are', () => {
    expect(logOne({ ...call, kind: 'resource', method: 'resources/read', name: 'db://customers/1' })).toMatchObject({
      resource: 'db://customers/1',
      msg: 'resources/read db://customers/1 ok',
    })
    expect(logOne({ ...call, kind: 'prompt', name: 'greet' })).toMatchObject({ prompt: 'greet' })
  })

  const levels: readonly (readonly [string, string, Observation])[] = [
    ['a call', 'info', call],
    ['a cancelled call', 'info', { ...call, status: 'cancelled', code: 'CANCELLED' }],
    ['a question to the user', 'info', { ...call, status: 'input_required' }],
    ['wrong arguments', 'info', { ...call, status: 'error', code: 'INVALID_INPUT' }],
    ['a tool that says no', 'info', { ...call, status: 'error' }],
    ['a denied call', 'warn', { ...call, status: 'denied', code: 'FORBIDDEN' }],
    ['a failed call', 'error', { ...call, status: 'error', code: 'INTERNAL' }],
    ['an unexpected cause', 'error', { ...call, status: 'error', code: 'TIMED_OUT', cause: new Error('x') }],
    ['a refused credential', 'warn', { type: 'auth.refused', reason: 'no credential', address: '192.0.2.1' }],
    ['a start', 'info', { type: 'server.started', message: 'Serving' }],
    ['a stop', 'info', { type: 'server.stopped', message: 'Stopped' }],
    ['a change', 'info', { type: 'catalog.changed', message: 'Changed', details: { added: ['a'] } }],
    ['a fault', 'error', { type: 'fault', message: 'Broken' }],
    ['a warning', 'warn', { type: 'warning', message: 'Careful' }],
  ]

  it.each(levels)('has %s at %s', (_, level, observation) => {
    expect(logOne(observation).level).toBe(level)
  })

  it.each([
    ['debug', 14],
    ['info', 14],
    ['warn', 6],
    ['error', 3],
    ['silent', 0],
  ] as const)('at level %s has %i lines of these', (level, count) => {
    expect(
      log(
        levels.map(([, , observation]) => observation),
        level,
      ),
    ).toHaveLength(count)
  })

  it('has what goes with an observation', () => {
    expect(logOne({ type: 'auth.refused', reason: 'no credential', address: '::1' })).toMatchObject({
      reason: 'no credential',
      address: '::1',
      msg: 'Refused a credential',
    })
    expect(logOne({ type: 'warning', message: 'Careful', details: { lost: 3 } })).toMatchObject({
      msg: 'Careful',
      details: { lost: 3 },
    })
    expect(logOne({ ...call, status: 'error', code: 'RATE_LIMITED' })).toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('has the whole cause of a failure with its stack, and no secret in it', () => {
    const cause = new Error('password=hunter2 at postgres://app:s3cr3t@db')
    const line = log([{ ...call, status: 'error', code: 'INTERNAL', cause }])[0] ?? ''
    expect(line).toContain('log-observer.test.ts')
    expect(line).not.toMatch(/hunter2|s3cr3t/)
    const fault = new ToolgateError({ code: 'STORAGE_FAILED', message: 'No.', cause })
    expect(log([{ type: 'fault', message: 'Broken', cause: fault }])[0]).not.toMatch(/hunter2|s3cr3t/)
  })

  it('has no secret in names that callers invent', () => {
    const name = 'db://app:s3cr3t@host/customers'
    const told = { name, client: 'password=s3cr3t' }
    expect(log([{ ...call, ...told, kind: 'resource' }])[0]).not.toContain('s3cr3t')
    expect(log([{ type: 'auth.refused', reason: 'token=s3cr3t', address: '' }])[0]).not.toContain('s3cr3t')
    expect(log([{ type: 'server.started', message: 'token=s3cr3t', details: { token: 's3cr3t' } }])[0]).not.toContain(
      's3cr3t',
    )
  })

  it('is one line of harmless characters for every observation, whatever is in it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 })
    const nasty = fc.constantFrom(
      '\n{"level":"error"}',
      '\u2028',
      '\u0085',
      '\u202etxt',
      '\u001b[2J',
      '\ufeff',
      '\ud800',
      '\0',
    )
    const any = fc.oneof(
      text,
      nasty,
      fc.tuple(text, nasty, text).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(any, any, any, (one, two, three) => {
        const observations: Observation[] = [
          { ...call, name: one, client: two, callId: three, tenant: three, traceId: two },
          { ...call, status: 'error', code: one, cause: Object.assign(new Error(two), { code: three }) },
          { type: 'auth.refused', reason: one, address: two },
          { type: 'fault', message: one, cause: two },
          { type: 'warning', message: one, details: { [two]: three } },
        ]
        const lines = log(observations)
        expect(lines).toHaveLength(observations.length)
        for (const line of lines) {
          // biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that must not be there
          expect(line).not.toMatch(/[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/)
          expect(JSON.parse(line)).toMatchObject({ time: '1970-01-01T00:00:00.000Z' })
        }
      }),
      { numRuns: 300 },
    )
  })

  it('says the same as what was observed, escaped or not', () => {
    const name = 'a"b\\c\n\u202e\u0085\u001b🔑'
    expect(logOne({ ...call, name }).tool).toBe(name)
  })
})
