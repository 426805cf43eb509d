import { describe, expect, it } from 'vitest'
import { causeText, observationText } from './print-observation.ts'
import { resultText } from './print-result.ts'

describe('a result in the terminal', () => {
  it('is the text, with a word for everything that is none', () => {
    const content = [
      { type: 'text', text: 'Hello' },
      { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'db://1', name: 'one' },
      { type: 'resource', resource: { uri: 'db://2', text: 'two\n' } },
      { type: 'resource', resource: { uri: 'db://3', blob: 'AAAA', mimeType: 'a/b' } },
    ]
    expect(resultText({ content })).toBe(
      'Hello\n[image, image/png, 3 bytes; --json prints it]\n[one: db://1]\ntwo\n[db://3, a/b]\n',
    )
  })

  it('is the structured content where there is no other', () => {
    expect(resultText({ content: [], structuredContent: { a: 1 } })).toBe('{\n  "a": 1\n}\n')
  })
})

describe('a call in the terminal', () => {
  const time = new Date(2026, 0, 31, 9, 5, 7)
  const call = {
    type: 'call.ended',
    callId: 'c',
    kind: 'tool',
    method: 'tools/call',
    name: 'get_current_date',
    client: 'ci',
    transport: 'http',
    era: 'modern',
    durationMs: 3.4,
  } as const

  it('is one line with time, tool, client, status, duration and code', () => {
    expect(observationText({ ...call, status: 'ok' }, time)).toMatch(/^09:05:07 {2}get_current_date +ci +ok +3 ms\n$/)
    expect(observationText({ ...call, status: 'denied', code: 'FORBIDDEN' }, time)).toMatch(
      /denied +3 ms {2}FORBIDDEN\n$/,
    )
  })

  it('shows what a tool threw and the first place outside of Toolgate', () => {
    const thrown = new Error('no connection')
    thrown.stack = [
      'Error: no connection',
      '    at Socket.open (node:net:1:1)',
      `    at run (${new URL('../pipeline/run.ts', import.meta.url).pathname}:1:1)`,
      '    at query (/srv/crm/tools/customers.ts:12:5)',
    ].join('\n')
    const text = observationText({ ...call, status: 'error', code: 'INTERNAL', cause: thrown }, time)
    expect(text.split('\n').slice(1)).toEqual([
      '          Error: no connection',
      '          at query (/srv/crm/tools/customers.ts:12:5)',
      '',
    ])
    expect(causeText('a string')).toBe('          a string\n')
  })
})
