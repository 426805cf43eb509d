import assert from 'node:assert/strict'
import { compileCapability } from '../../../../src/capabilities/compile-capability.ts'
import { serverOptions } from '../../../../src/edge/options.ts'
import { defineTool } from '../../../../src/index.ts'
import { modernRequest, openLegacy, openStream, send, sendModern } from '../../../fixtures/http-client.ts'
import { BOTH, LEGACY, MODERN, type RawCheck } from '../check.ts'

const MODERN_HEADER = { 'mcp-protocol-version': '2026-07-28' }
const FOREIGN = [
  'https://evil.example',
  'null',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'file://',
]

export const httpModern: readonly RawCheck[] = [
  {
    id: 'modern-post-only',
    requirement: 'In the stateless revision GET and DELETE are answered with 405 and the methods that are served',
    level: 'SHOULD',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
          const { status, headers } = await send(port, { method, headers: MODERN_HEADER })
          assert.deepEqual([status, headers.allow], [405, 'POST, OPTIONS'], method)
        }
      },
    },
  },
  {
    id: 'origin',
    requirement:
      'A foreign `Origin` is answered with 403 on every method, also `null` and look-alikes; none at all passes',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { sessionId } = await openLegacy(port)
        for (const origin of FOREIGN) {
          for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS']) {
            const session = { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }
            for (const headers of [MODERN_HEADER, session])
              assert.equal(
                (await send(port, { method, headers: { ...headers, origin } })).status,
                403,
                `${method} ${origin}`,
              )
          }
        }
        assert.equal((await sendModern(port, 'server/discover')).status, 200)
        assert.equal(
          (await sendModern(port, 'server/discover', {}, { headers: { origin: 'http://localhost:1' } })).status,
          200,
        )
      },
    },
  },
  {
    id: 'host',
    requirement: 'A `Host` that is not this server is refused',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        for (const host of ['evil.example', 'localhost.evil.example', '169.254.169.254', 'localhost:1:2'])
          assert.equal((await sendModern(port, 'server/discover', {}, { headers: { host } })).status, 403, host)
      },
    },
  },
  {
    id: 'loopback-by-default',
    requirement: 'A local server listens on loopback alone unless told otherwise',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      definition: async () => {
        assert.equal(serverOptions.parse({}).host, '127.0.0.1')
      },
    },
  },
  {
    id: 'authenticated',
    requirement: 'Connections are authenticated: without a valid credential nothing is served, whatever the method',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        for (const authorization of [undefined, 'Bearer nobody', 'Basic YW5uOg==', 'Bearer ']) {
          for (const method of ['POST', 'GET', 'DELETE']) {
            const { status, headers } = await send(port, { method, headers: { authorization } })
            assert.equal(status, 401)
            assert.match(String(headers['www-authenticate']), /^Bearer /)
          }
        }
      },
    },
  },
  {
    id: 'modern-notification',
    requirement: 'A posted notification is answered with 202 and no body, also an unknown one',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        for (const method of ['notifications/cancelled', 'notifications/unknown']) {
          const body = JSON.stringify({ jsonrpc: '2.0', method })
          const { status, text } = await send(port, { headers: { ...MODERN_HEADER, 'mcp-method': method }, body })
          assert.deepEqual([status, text], [202, ''])
        }
      },
    },
  },
  {
    id: 'modern-no-response',
    requirement: 'A posted JSON-RPC response is refused: nobody asked',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        for (const answer of [{ result: {} }, { error: { code: 1, message: '' } }]) {
          const { status, json } = await send(port, {
            headers: MODERN_HEADER,
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...answer }),
          })
          assert.deepEqual([status, json.error.code], [400, -32600])
        }
      },
    },
  },
  {
    id: 'sse-headers',
    requirement: 'An event stream says `X-Accel-Buffering: no` and ends with the response',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const modern = await sendModern(port, 'tools/call', { name: 'flood' }, { meta: { progressToken: 1 } })
        const { request } = await openLegacy(port)
        const legacy = await request('tools/call', { name: 'flood', _meta: { progressToken: 1 } })
        for (const { headers, messages } of [modern, legacy]) {
          assert.equal(headers['content-type'], 'text/event-stream')
          assert.equal(headers['x-accel-buffering'], 'no')
          assert.ok(messages.length > 1)
          assert.ok('result' in messages.at(-1))
          assert.equal(messages.filter((message) => message.method === undefined).length, 1)
        }
      },
    },
  },
  {
    id: 'keep-alive',
    requirement: 'A stream on which nothing happens carries comments, so that nothing on the way closes it',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      http: async (server) => {
        const { port } = await server.another({ server: { keepAliveMs: 20 } })
        const listen = await openStream(
          port,
          modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }),
        )
        const { sessionId } = await openLegacy(port)
        const headers = {
          'mcp-session-id': sessionId,
          'mcp-protocol-version': '2025-11-25',
          accept: 'text/event-stream',
        }
        const get = await openStream(port, { method: 'GET', headers })
        for (const stream of [listen, get]) {
          await stream.until((text) => text.includes('\n: ') || text.startsWith(': '))
          stream.leave()
        }
      },
    },
  },
  {
    id: 'disconnect-cancels',
    requirement: 'A client that closes its connection has cancelled: the handler is told',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const params = {
          name: 'wait',
          arguments: { key: 'left' },
          _meta: { 'io.modelcontextprotocol/logLevel': 'info' },
        }
        const stream = await openStream(port, modernRequest('tools/call', params))
        await stream.messages(1)
        stream.leave()
        const { json } = await sendModern(port, 'tools/call', { name: 'until_cancelled', arguments: { key: 'left' } })
        assert.equal(json.result.content[0].text, 'it was cancelled')
      },
    },
  },
  {
    id: 'param-header-rules',
    requirement:
      '`x-mcp-header` is a token, unique, on a property that is reachable and no `number`; else the tool is refused',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      definition: async () => {
        const mirrored = (type: string, name: unknown) => ({ type, 'x-mcp-header': name })
        const wrong: Record<string, unknown>[] = [
          { properties: { a: mirrored('string', 'not a token') } },
          { properties: { a: mirrored('string', '') } },
          { properties: { a: mirrored('string', 7) } },
          { properties: { a: mirrored('string', 'Same'), b: mirrored('string', 'same') } },
          { properties: { a: mirrored('number', 'N') } },
          { properties: { a: mirrored('object', 'O') } },
          { properties: { a: { type: 'array', items: mirrored('string', 'Item') } } },
          { anyOf: [{ properties: { a: mirrored('string', 'Branch') } }] },
        ]
        const compile = (input: Record<string, unknown>) =>
          compileCapability(defineTool({ name: 'probe', input: { type: 'object', ...input }, run: () => '' }), {
            connector: 'raw',
            source: 'probe.ts',
          })
        for (const input of wrong)
          assert.throws(() => compile(input), { code: 'DEFINITION_INVALID' }, JSON.stringify(input))
        compile({
          properties: {
            a: mirrored('integer', 'Count'),
            b: { type: 'object', properties: { c: mirrored('boolean', 'Deep') } },
          },
        })
      },
    },
  },
  {
    id: 'legacy-ignores-mirrors',
    requirement: 'On an older revision mirrored headers are not trusted: the body alone decides',
    level: 'SHOULD',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        const { request } = await openLegacy(port)
        const headers = { 'mcp-method': 'tools/list', 'mcp-name': 'leak', 'mcp-param-region': 'mars' }
        const { json } = await request('tools/call', { name: 'region', arguments: { region: 'eu' } }, headers)
        assert.equal(json.result.content[0].text, 'eu')
      },
    },
  },
  {
    id: 'modern-mints-no-session',
    requirement: '`Mcp-Session-Id` and `Last-Event-ID` are ignored and none is minted',
    level: 'SHOULD',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const headers = { 'mcp-session-id': 'unknown', 'last-event-id': 'unknown.1' }
        const plain = await sendModern(port, 'server/discover', {}, { headers })
        const stream = await sendModern(port, 'tools/call', { name: 'flood' }, { headers, meta: { progressToken: 1 } })
        for (const answer of [plain, stream]) {
          assert.equal(answer.status, 200)
          assert.equal(answer.headers['mcp-session-id'], undefined)
        }
        assert.doesNotMatch(stream.text, /^id:/m)
      },
    },
  },
  {
    id: 'header-mismatch',
    requirement: 'A mirrored header that is missing or differs from the body is answered with -32020 and 400',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        for (const headers of [
          { 'mcp-protocol-version': undefined },
          { 'mcp-protocol-version': '2025-11-25' },
          { 'mcp-method': undefined },
          { 'mcp-method': 'TOOLS/CALL' },
          { 'mcp-name': undefined },
          { 'mcp-name': 'leak' },
          { 'mcp-name': '=?base64?!?=' },
          { 'mcp-param-region': undefined },
          { 'mcp-param-region': 'mars' },
        ]) {
          const { status, json } = await sendModern(
            port,
            'tools/call',
            { name: 'region', arguments: { region: 'eu' } },
            { headers: { 'mcp-param-region': 'eu', ...headers } },
          )
          assert.deepEqual([status, json.error.code], [400, -32020], JSON.stringify(headers))
        }
      },
    },
  },
]
