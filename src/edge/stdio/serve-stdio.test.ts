import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTestEngine, holder } from '../../../test/fixtures/engine.ts'
import type { Wire } from '../../../test/fixtures/http-client.ts'
import { defineTool } from '../../capabilities/definition.ts'
import { elicit, inputRequired } from '../../capabilities/input-required.ts'
import { readLines } from './read-lines.ts'
import { serveStdio } from './serve-stdio.ts'

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}

const aborted: unknown[] = []
const tools = [
  defineTool({ name: 'hi', run: () => 'hi' }),
  defineTool({
    name: 'ask',
    run: (_input, { inputs }) =>
      inputs.a === undefined ? inputRequired({ requests: { a: elicit('?', {}) } }) : 'asked',
  }),
  defineTool({
    name: 'hang',
    run: (_input, { signal, log }) => {
      log('info', 'hanging')
      return new Promise(() => signal.addEventListener('abort', () => aborted.push(1)))
    },
  }),
]

/** A process on the other end of two pipes. */
function start(maxBodyBytes = 10_000) {
  const test = createTestEngine(tools, { server: { maxBodyBytes } })
  const input = new PassThrough()
  const lines: string[] = []
  const done = serveStdio(
    test.engine,
    { principal: holder('local', 'user'), isValid: () => true },
    { input, write: (line) => void lines.push(line) },
  )
  const messages = (): Wire[] => lines.map((line) => JSON.parse(line))
  const write = (...sent: (object | string)[]): void => {
    for (const message of sent)
      input.write(typeof message === 'string' ? message : `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
  const count = (expected: number) =>
    expect
      .poll(() => lines.length)
      .toBe(expected)
      .then(messages)
  return { ...test, input, lines, done, write, messages, count }
}

const initialize = (version = '2025-11-25', capabilities: object = {}): object => ({
  id: 0,
  method: 'initialize',
  params: { protocolVersion: version, capabilities, clientInfo: { name: 'c', version: '1' } },
})

describe('a client on stdio', () => {
  it('may speak the older era, opened by initialize', async () => {
    const peer = start()
    peer.write(
      initialize('2024-11-05'),
      { method: 'notifications/initialized' },
      { id: 1, method: 'ping' },
      { id: 2, method: 'tools/call', params: { name: 'hi' } },
    )
    const [opened, pong, called] = await peer.count(3)
    expect(opened.result).toMatchObject({
      protocolVersion: '2024-11-05',
      serverInfo: { name: 'test', version: '1.2.3' },
    })
    expect(pong).toEqual({ jsonrpc: '2.0', id: 1, result: {} })
    expect(called.result).toEqual({ content: [{ type: 'text', text: 'hi' }] })
  })

  it('may speak the modern one, without opening anything', async () => {
    const peer = start()
    peer.write(
      { id: 'a', method: 'server/discover', params: { _meta: ENVELOPE } },
      { id: 'b', method: 'tools/list', params: { _meta: ENVELOPE } },
    )
    const [discovered, listed] = await peer.count(2)
    expect(discovered.result).toMatchObject({
      supportedVersions: expect.arrayContaining(['2026-07-28']),
      ttlMs: 0,
      cacheScope: 'private',
    })
    expect(listed.result.tools.map(({ name }: Wire) => name)).toEqual(['ask', 'hang', 'hi'])
  })

  it('that says neither is told what is missing', async () => {
    const peer = start()
    peer.write({ id: 1, method: 'tools/list' }, { id: 2, method: 'ping' })
    const answers = await peer.count(2)
    expect(answers.find(({ id }) => id === 1).error.code).toBe(-32602)
    expect(answers.find(({ id }) => id === 2).result).toEqual({})
  })

  it('does no harm with junk', async () => {
    const peer = start(2000)
    peer.write('not json\n', '\n', '[]\n', '{"jsonrpc":"2.0"}\n', `{"a":"${'x'.repeat(5000)}"}\n`, {
      id: 1,
      method: 'tools/list',
      params: { _meta: ENVELOPE },
    })
    const answers = await peer.count(5)
    expect(answers.map(({ error, id }) => error?.code ?? id)).toEqual([-32700, -32600, -32600, -31413, 1])
    for (const line of peer.lines) expect(line.indexOf('\n')).toBe(line.length - 1)
  })

  it('is asked over the same pipe in the older era, and never in the modern one', async () => {
    const peer = start()
    peer.write(initialize('2025-11-25', { elicitation: {} }), { id: 1, method: 'tools/call', params: { name: 'ask' } })
    const [, question] = await peer.count(2)
    expect(question.method).toBe('elicitation/create')
    peer.write({ id: question.id, result: { action: 'accept', content: {} } })
    const [, , answer] = await peer.count(3)
    expect(answer.result.content[0].text).toBe('asked')
    const _meta = { ...ENVELOPE, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
    peer.write({ id: 2, method: 'tools/call', params: { name: 'ask', _meta } })
    expect((await peer.count(4)).at(-1).result.resultType).toBe('input_required')
  })

  it('cancels with a notification and then gets no answer', async () => {
    const peer = start()
    peer.write(initialize(), { id: 1, method: 'tools/call', params: { name: 'hang' } })
    await peer.count(2)
    peer.write(
      { method: 'notifications/cancelled', params: { requestId: 'unknown' } },
      { method: 'notifications/cancelled', params: { requestId: 1 } },
    )
    await expect.poll(() => aborted.length).toBe(1)
    peer.write({ id: 2, method: 'ping' })
    expect((await peer.count(3)).at(-1)).toEqual({ jsonrpc: '2.0', id: 2, result: {} })
  })

  it('may not use one id for two running requests', async () => {
    const peer = start()
    peer.write(initialize(), { id: 1, method: 'tools/call', params: { name: 'hang' } }, { id: 1, method: 'ping' })
    expect((await peer.count(3)).find(({ error }) => error !== undefined).error.code).toBe(-32600)
  })

  it('that closes its end still gets the answers to what it asked', async () => {
    const peer = start()
    peer.write({
      id: 1,
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: ENVELOPE },
    })
    await peer.count(1)
    peer.input.end(
      `${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'hi', _meta: ENVELOPE } })}`,
    )
    await peer.done
    const answers = peer.messages()
    expect(answers.find(({ id }) => id === 2).result.content[0].text).toBe('hi')
    expect(answers.find(({ id }) => id === 1).result._meta).toMatchObject({
      'io.modelcontextprotocol/subscriptionId': 1,
    })
  })
})

describe('lines', () => {
  it('come out the same however they were cut', async () => {
    const line = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
      .filter((text) => text.trim() === text && !/[\r\n]/.test(text))
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        async (lines, cuts) => {
          const bytes = Buffer.from(lines.join('\n'))
          const input = new PassThrough()
          const seen: string[] = []
          const ended = new Promise<void>((resolve) => {
            readLines(input, 1000, { onLine: (text) => void seen.push(text), onTooLong: () => {}, onEnd: resolve })
          })
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const size = cuts[cut % cuts.length] as number
            input.write(bytes.subarray(at, at + size))
            at += size
          }
          input.end()
          await ended
          expect(seen).toEqual(lines)
        },
      ),
    )
  })
})
