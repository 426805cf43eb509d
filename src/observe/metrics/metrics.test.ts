import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ParsedFamily, parseExposition, type Sample } from '../../../test/fixtures/parse-exposition.ts'
import type { Observation } from '../observation.ts'
import { BoundedNames, OTHER } from './bounded-names.ts'
import { createMetrics, type Metrics } from './create-metrics.ts'
import { CALLER_FAULTS, endingOf } from './error-type.ts'
import { METRICS, sampleNameOf } from './metric-table.ts'
import { negotiateFormat } from './negotiate-format.ts'
import { createFamilies } from './registry.ts'
import { type Format, writeExposition } from './write-exposition.ts'

type CallEnded = Extract<Observation, { type: 'call.ended' }>

const call: CallEnded = {
  type: 'call.ended',
  callId: 'c1',
  kind: 'tool',
  method: 'tools/call',
  name: 'get_invoice',
  capability: 'get_invoice',
  decision: 'permit',
  client: 'ci',
  transport: 'http',
  era: 'modern',
  status: 'ok',
  durationMs: 3,
}

let metrics: Metrics
beforeEach(() => {
  metrics = createMetrics({ maxClients: 2, path: '/metrics' }, '1.2.3')
})
afterEach(() => metrics.close())

const read = (format: Format = 'text'): ReadonlyMap<string, ParsedFamily> =>
  parseExposition([...metrics.write(format)].join(''), format)
const samples = (name: string): readonly Sample[] => read().get(name)?.samples ?? []
const counts = (): readonly Sample[] =>
  samples('mcp_server_operation_duration_seconds').filter(({ name }) => name.endsWith('_count'))

describe('the metrics', () => {
  it.each(['text', 'openmetrics'] as const)('are valid %s, with every row of the table and no other', (format) => {
    metrics.observe(call)
    metrics.observe({ type: 'session.ended', version: '2025-11-25', transport: 'stdio', durationMs: 7_200_000 })
    const families = read(format)
    const named = Object.entries(METRICS).map(([name, metric]) =>
      format === 'openmetrics' ? name : sampleNameOf(name, metric),
    )
    expect([...families.keys()].sort()).toEqual(named.sort())
    for (const [name, { labels }] of Object.entries(METRICS)) {
      const family = families.get(format === 'openmetrics' ? name : sampleNameOf(name, METRICS[name as never]))
      for (const sample of family?.samples ?? []) {
        expect([...labels, 'le']).toEqual(expect.arrayContaining(Object.keys(sample.labels)))
      }
    }
  })

  it('say how long a call of a tool took, in the words of the semantic conventions', () => {
    metrics.observe({ ...call, durationMs: 0.7 })
    metrics.observe({ ...call, durationMs: 3_000 })
    const own = samples('mcp_server_operation_duration_seconds')
    expect(own.at(-1)).toEqual({
      name: 'mcp_server_operation_duration_seconds_count',
      labels: {
        mcp_method_name: 'tools/call',
        gen_ai_tool_name: 'get_invoice',
        toolgate_era: 'modern',
        network_transport: 'tcp',
      },
      value: 2,
    })
    expect(own.at(-2)?.value).toBeCloseTo(3.0007)
    const upTo = (le: string): number | undefined => own.find(({ labels }) => labels.le === le)?.value
    expect([upTo('0.0005'), upTo('0.001'), upTo('2'), upTo('5')]).toEqual([0, 1, 1, 2])
  })

  it('count calls by client, decision, status and code', () => {
    metrics.observe(call)
    metrics.observe({ ...call, status: 'denied', code: 'FORBIDDEN', decision: 'deny' })
    expect(samples('toolgate_calls_total').map(({ labels }) => labels)).toEqual([
      { client: 'ci', mcp_method_name: 'tools/call', decision: 'permit', status: 'ok' },
      { client: 'ci', mcp_method_name: 'tools/call', decision: 'deny', status: 'denied', code: 'FORBIDDEN' },
    ])
  })

  it('tell tools that do not exist from those that are hidden, and what broke its output schema', () => {
    const { capability: _, decision: __, ...unknown } = call
    metrics.observe({ ...unknown, status: 'denied', code: 'CAPABILITY_NOT_FOUND' })
    metrics.observe({ ...call, status: 'denied', code: 'CAPABILITY_NOT_FOUND', decision: 'deny' })
    metrics.observe({ ...call, status: 'error', code: 'INVALID_OUTPUT' })
    expect(samples('toolgate_unknown_calls_total').map(({ labels }) => labels.reason)).toEqual(['unknown', 'hidden'])
    expect(samples('toolgate_output_violations_total').map(({ labels }) => labels)).toEqual([
      { gen_ai_tool_name: 'get_invoice' },
    ])
  })

  it('know what became of a breaker, and why credentials were refused', () => {
    const message = 'x'
    metrics.observe({ type: 'breaker.changed', message, connector: 'crm', from: 'closed', to: 'open' })
    metrics.observe({ type: 'auth.refused', reason: 'no key with id 1', address: '::1', code: 'UNAUTHENTICATED' })
    expect(samples('toolgate_breaker_state')[0]).toMatchObject({ labels: { connector: 'crm' }, value: 2 })
    expect(samples('toolgate_auth_refusals_total')[0]).toMatchObject({ labels: { code: 'UNAUTHENTICATED' }, value: 1 })
  })
})

describe('a caller that invents names', () => {
  it('makes one series, however many it invents, of calls and of methods', () => {
    const { capability: _, ...unknown } = call
    for (let at = 0; at < 500; at += 1) {
      for (const kind of ['tool', 'prompt', 'resource', 'completion']) {
        metrics.observe({ ...unknown, kind, name: `evil${at}"\n`, status: 'denied', code: 'CAPABILITY_NOT_FOUND' })
      }
      metrics.observe({
        type: 'request.ended',
        transport: 'http',
        era: 'modern',
        code: 'METHOD_NOT_FOUND',
        durationMs: 1,
      })
    }
    const named = counts().map(({ labels }) => Object.values(labels).filter((value) => value === OTHER).length)
    expect(named).toEqual([1, 1, 1, 0, 1])
    expect([...metrics.write('text')].join('')).not.toContain('evil')
  })

  it('does not show the URI of what it read, but the name of the resource', () => {
    metrics.observe({
      ...call,
      kind: 'resource',
      method: 'resources/read',
      name: 'crm://people/ann',
      capability: 'person',
    })
    expect(counts()[0]?.labels).toMatchObject({ toolgate_resource_name: 'person' })
    expect([...metrics.write('text')].join('')).not.toContain('crm://')
  })

  it('finds no address, key, reason, call id or tenant of anybody', () => {
    metrics.observe({ ...call, callId: 'c-secret', tenant: 't-secret', traceId: 'a-secret' })
    metrics.observe({ type: 'auth.refused', reason: 'k-secret', address: '10.9.8.7', code: 'UNAUTHENTICATED' })
    const text = [...metrics.write('openmetrics')].join('')
    expect(text).not.toMatch(/secret|10\.9\.8\.7/)
  })
})

it('clients beyond the limit share one series', () => {
  for (const client of ['a', 'b', 'c', 'd', 'a']) metrics.observe({ ...call, client })
  const own = samples('toolgate_calls_total').map(({ labels, value }) => [labels.client, value])
  expect(own).toEqual([
    ['a', 2],
    ['b', 1],
    [OTHER, 2],
  ])
})

it('a metric has a bounded number of series, and loses no count to that', () => {
  const { m } = createFamilies({ m: { type: 'counter', labels: ['a', 'b'], help: 'x' } })
  for (let at = 0; at < 6_000; at += 1) m.add([String(at), 'x'])
  const all = [...m.series()]
  expect(all.length).toBe(5_001)
  expect(all.at(-1)?.values).toEqual([OTHER, OTHER])
  expect(all.reduce((sum, { cells }) => sum + (cells[0] ?? 0), 0)).toBe(6_000)
})

it('a name is cut where it is longer than anybody reads', () => {
  const names = new BoundedNames(1)
  expect(names.of('x'.repeat(1_000))).toBe('x'.repeat(128))
  expect(names.of('y')).toBe(OTHER)
})

describe('what is an error of the server', () => {
  const typeOf = (code: string, more: Partial<CallEnded> = {}): readonly string[] => {
    const { errorType, statusCode } = endingOf({ ...call, kind: 'prompt', status: 'error', code, ...more })
    return [errorType, statusCode]
  }

  it('is not what the caller did wrong, though its code is told', () => {
    expect(typeOf('INVALID_PARAMS')).toEqual(['', '-32602'])
    expect(typeOf('RATE_LIMITED')).toEqual(['', '-31429'])
    expect(typeOf('CAPABILITY_NOT_FOUND', { kind: 'resource', era: 'legacy' })).toEqual(['', '-32002'])
    expect(CALLER_FAULTS.length).toBe(6)
  })

  it('is every other code, a failed tool, a deadline and a call that nobody waits for', () => {
    expect(typeOf('INTERNAL')).toEqual(['-32603', '-32603'])
    expect(typeOf('AUDIT_UNAVAILABLE')).toEqual(['-31503', '-31503'])
    expect(typeOf('HEADER_MISMATCH')).toEqual(['-32020', '-32020'])
    expect(typeOf('INTERNAL', { kind: 'tool' })).toEqual(['tool_error', ''])
    expect(typeOf('TIMED_OUT', { kind: 'tool' })).toEqual(['timeout', ''])
    expect(typeOf('CANCELLED', { status: 'cancelled' })).toEqual(['cancelled', ''])
    expect(endingOf({ ...call, status: 'error' }).errorType).toBe('tool_error')
    expect(endingOf({ ...call, status: 'input_required' }).errorType).toBe('')
  })
})

describe('the format', () => {
  it('is valid whatever the labels are, and says them as they were', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string({ unit: 'binary' }),
            fc.double({ noNaN: true }).map((number) => number + 0),
          ),
          { maxLength: 8 },
        ),
        (rows) => {
          const { g } = createFamilies({ g: { type: 'gauge', labels: ['a'], help: 'A "help" with \\ and\nlines.' } })
          const wanted = new Map(rows)
          for (const [value, number] of wanted) g.set([value], number)
          for (const format of ['text', 'openmetrics'] as const) {
            const found = parseExposition([...writeExposition([g], format)].join(''), format).get('g')?.samples
            const shown = new Map(found?.map(({ labels, value }) => [labels.a ?? '', value]))
            expect(shown).toEqual(new Map([...wanted].map(([name, value]) => [name, value])))
          }
        },
      ),
    )
  })

  it('says a lone half of a character as one that is not known', () => {
    const { g } = createFamilies({ g: { type: 'gauge', labels: ['a'], help: 'x' } })
    g.set(['\ud800'], 1)
    expect([...writeExposition([g], 'text')].join('')).toContain('a="\ufffd"')
  })

  it('comes in slices that are small, with thousands of series', () => {
    const { h } = createFamilies({ h: { type: 'histogram', labels: ['a'], help: 'x', buckets: [1, 2.5] } })
    for (let at = 0; at < 5_000; at += 1) h.observe([String(at)], 2)
    const slices = [...writeExposition([h], 'openmetrics')]
    expect(Math.max(...slices.map(({ length }) => length))).toBeLessThan(40_000)
    expect(parseExposition(slices.join(''), 'openmetrics').get('h')?.samples.length).toBe(25_000)
  })

  it.each([
    [undefined, 'text'],
    ['*/*', 'text'],
    ['text/html', 'text'],
    ['text/plain;version=0.0.4', 'text'],
    ['application/openmetrics-text;version=1.0.0', 'openmetrics'],
    ['application/openmetrics-text', 'openmetrics'],
    ['application/openmetrics-text;version=0.0.1', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0', 'text'],
    ['application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9', 'text'],
    [
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
      'openmetrics',
    ],
  ])('for %s is %s', (accept, format) => {
    expect(negotiateFormat(accept)).toBe(format)
  })
})

it('the metrics tell how long calls waited for a place, by how that ended', () => {
  metrics.observe({ type: 'call.waited', outcome: 'admitted', waitedMs: 40 })
  metrics.observe({ type: 'call.waited', outcome: 'refused', waitedMs: 2_000 })
  const sums = samples('toolgate_call_wait_duration_seconds').filter(({ name }) => name.endsWith('_sum'))
  expect(sums).toMatchObject([
    { labels: { outcome: 'admitted' }, value: 0.04 },
    { labels: { outcome: 'refused' }, value: 2 },
  ])
})
