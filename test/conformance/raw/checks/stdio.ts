import assert from 'node:assert/strict'
import { once } from 'node:events'
import { ENVELOPE } from '../../../fixtures/http-client.ts'
import { serveCommand } from '../../start-server.ts'
import { BOTH, MODERN, type RawCheck } from '../check.ts'
import { startStdioClient } from '../stdio-client.ts'
import { refusalOf } from './base-protocol.ts'

export const stdio: readonly RawCheck[] = [
  {
    id: 'stdout-is-the-protocol',
    requirement:
      'stdout carries messages alone, one a line, in UTF-8, with no line break inside; whatever a tool prints',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      stdio: async (client) => {
        const { result } = await client.modern('tools/call', { name: 'noisy' })
        assert.equal(result.content[0].text, 'first\nsecond\r\nthird\u2028fourth\u0000 grüße 👋')
        assert.doesNotMatch(client.output(), /not of the protocol|forged/)
        for (const message of client.messages()) assert.equal(message.jsonrpc, '2.0')
        const odd = { id: 'ümläut 👋', method: 'server/discover', params: { _meta: ENVELOPE } }
        const bytes = Buffer.from(`${JSON.stringify({ jsonrpc: '2.0', ...odd })}\r\n`)
        for (const byte of bytes) client.write(Buffer.from([byte]))
        assert.ok((await client.find(({ id }) => id === odd.id)).result)
      },
    },
  },
  {
    id: 'stdio-no-server-requests',
    requirement: 'In the stateless revision the server sends no requests: a question is a result',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      stdio: async (client) => {
        const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
        const before = client.messages().length
        const { result } = await client.modern('tools/call', { name: 'ask_name' }, meta)
        assert.equal(result.inputRequests.who.method, 'elicitation/create')
        const since = client.messages().slice(before)
        assert.ok(!since.some(({ id, method }) => id !== undefined && method !== undefined))
      },
    },
  },
  {
    id: 'stdio-survives-junk',
    requirement: 'A line that is no message does no harm: it is answered with an error and the next is served',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      stdio: async (client) => {
        client.write('\n\n   \n')
        for (const line of [
          'junk',
          Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
          '\u0000',
          `"${'x'.repeat(1024 * 1024)}"`,
          '[[[[',
        ])
          assert.ok((await refusalOf(client, line)).code < 0)
        assert.ok((await client.modern('server/discover')).result)
      },
    },
  },
  {
    id: 'stdio-ends-with-its-input',
    requirement: 'The process ends when its input ends, after it has answered what was asked',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      stdio: async () => {
        const own = startStdioClient()
        own.send({
          id: 1,
          method: 'tools/call',
          params: { name: 'echo', arguments: { text: 'last words' }, _meta: ENVELOPE },
        })
        const { code, signal } = await own.end()
        assert.deepEqual([code, signal], [0, null])
        assert.equal(own.messages().at(-1).result.content[0].text, 'last words')
      },
    },
  },
  {
    id: 'stdio-ends-on-sigterm',
    requirement: 'The process ends on SIGTERM, although its input is open and a call runs',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      stdio: async () => {
        const own = startStdioClient(serveCommand('--stdio').args)
        own.send({ id: 1, method: 'server/discover', params: { _meta: ENVELOPE } })
        await own.find(({ id }) => id === 1)
        own.send({ id: 2, method: 'tools/call', params: { name: 'hang', _meta: ENVELOPE } })
        const exited = once(own.process, 'exit')
        own.process.kill('SIGTERM')
        await exited
        assert.ok(!own.messages().some(({ id }) => id === 2))
      },
    },
  },
  {
    id: 'stdio-both-eras',
    requirement:
      'One process serves both eras: a probe with `server/discover`, then `initialize`, then both side by side',
    level: 'MAY',
    revisions: BOTH,
    tests: {
      stdio: async (client) => {
        assert.ok((await client.modern('server/discover')).result.supportedVersions.includes('2025-11-25'))
        assert.deepEqual((await client.legacy('ping')).result, {})
        assert.equal((await client.modern('tools/list')).result.resultType, 'complete')
        assert.equal((await client.legacy('tools/list')).result.resultType, undefined)
      },
    },
  },
]
