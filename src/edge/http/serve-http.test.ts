import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createTestEngine, serveEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { openLegacy, send, sendModern } from '../../../test/fixtures/http-client.ts'
import { defineTool } from '../../capabilities/definition.ts'

const add = defineTool({
  name: 'add',
  description: 'Adds.',
  input: z.object({ a: z.number(), b: z.number() }),
  output: z.object({ sum: z.number() }),
  run: ({ a, b }) => ({ sum: a + b }),
})
const leak = defineTool({
  name: 'leak',
  run: () => {
    throw new Error('password=hunter2')
  },
})
const region = defineTool({
  name: 'region',
  input: {
    type: 'object',
    properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, n: { type: 'integer', 'x-mcp-header': 'N' } },
  },
  run: () => 'ok',
})
const chatty = defineTool({
  name: 'chatty',
  run: (_input, context) => {
    context.log('info', 'working')
    context.report({ progress: 1, total: 2 })
    return 'done'
  },
})

const test = createTestEngine([add, leak, region, chatty], { server: { maxBodyBytes: 20_000, maxJsonDepth: 20 } })
let server: TestServer
beforeAll(async () => {
  server = await serveEngine(test)
})
afterAll(() => server.close())

const raw = (body: string | Buffer, headers: Record<string, string | string[] | undefined> = {}) =>
  send(server.port, { body, headers })

describe('an HTTP request', () => {
  it('from a foreign host or page is refused on every method, credential or not', async () => {
    for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS', 'PUT']) {
      for (const origin of [
        'https://evil.example',
        'null',
        'http://localhost.evil.example',
        'http://127.0.0.1.evil.example',
        'file://',
      ]) {
        const answer = await send(server.port, { method, headers: { origin } })
        expect([method, origin, answer.status, answer.json.error.data.code]).toEqual([
          method,
          origin,
          403,
          'FOREIGN_ORIGIN',
        ])
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
      }
      const answer = await send(server.port, { method, headers: { host: 'evil.example', authorization: undefined } })
      expect([method, answer.status, answer.json.error.data.code]).toEqual([method, 403, 'FOREIGN_HOST'])
    }
  })

  it('from a page on loopback gets the CORS headers it needs', async () => {
    const origin = 'http://localhost:5173'
    const preflight = await send(server.port, {
      method: 'OPTIONS',
      headers: {
        origin,
        authorization: undefined,
        'access-control-request-headers': 'authorization, mcp-param-region, x-other',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers['access-control-allow-origin']).toBe(origin)
    expect(preflight.headers['access-control-allow-headers']).toMatch(/Mcp-Session-Id.*mcp-param-region/)
    expect(preflight.headers['access-control-allow-headers']).not.toMatch(/x-other/)
    const answer = await sendModern(server.port, 'tools/list', {}, { headers: { origin } })
    expect(answer.headers['access-control-expose-headers']).toContain('Mcp-Session-Id')
  })

  it('without or with a wrong credential is challenged', async () => {
    const none = await raw('{}', { authorization: undefined })
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="toolgate"'])
    const wrong = await raw('{}', { authorization: 'Bearer eve' })
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="toolgate", error="invalid_token"',
    ])
  })

  it('with headers that are there twice, or a target that is no path, is refused', async () => {
    const twice = await raw('{}', { 'mcp-name': ['a', 'b'] })
    expect(twice.status).toBe(400)
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('data', (chunk) => resolve(String(chunk)))
      socket.write('POST http://evil.example/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n')
      socket.setTimeout(5000, () => socket.destroy())
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400/)
  })

  it('elsewhere than at the endpoint finds nothing', async () => {
    expect((await send(server.port, { path: '/other' })).status).toBe(404)
    expect((await send(server.port, { path: '/mcp/' })).status).toBe(404)
  })

  // Clients that hold any 401 for a wish to sign in show their user what these paths answer, and nothing else.
  it('where clients look for a sign-in says that a key is wanted', async () => {
    for (const path of [
      '/register',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/openid-configuration',
    ]) {
      const { status, json } = await send(server.port, { path })
      expect([status, json.error.message]).toEqual([404, expect.stringContaining('send an API key')])
    }
    expect((await send(server.port, { path: '/other' })).json.error.message).not.toContain('key')
  })

  it('with another method than is served is told which are', async () => {
    const put = await send(server.port, { method: 'PUT' })
    expect([put.status, put.headers.allow]).toEqual([405, 'POST, GET, DELETE, OPTIONS'])
    const get = await send(server.port, { method: 'GET', headers: { 'mcp-protocol-version': '2026-07-28' } })
    expect([get.status, get.headers.allow]).toEqual([405, 'POST, OPTIONS'])
  })

  it('must be JSON, in UTF-8 and not compressed', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
      undefined,
    ]) {
      expect((await raw('{}', { 'content-type': type })).status).toBe(415)
    }
    expect((await raw('{}', { 'content-encoding': 'gzip' })).status).toBe(415)
    expect((await raw('{}', { 'content-type': 'application/json; charset=UTF-8' })).json.error.code).toBe(-32600)
  })

  it('must accept both kinds of answer', async () => {
    for (const accept of [
      'application/json',
      'text/event-stream',
      'text/html',
      'application/json, text/event-stream;q=0',
    ]) {
      expect((await raw('{}', { accept })).status).toBe(406)
    }
    expect((await raw('{}', { accept: '*/*' })).status).toBe(400)
    expect((await raw('{}', { accept: undefined })).status).toBe(400)
    expect((await send(server.port, { method: 'GET', headers: { accept: 'application/json' } })).status).toBe(406)
  })

  it('with a body that is too large is refused, declared or not, and the server goes on', async () => {
    const large = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params: { a: 'x'.repeat(30_000) } })
    expect((await raw(large)).status).toBe(413)
    expect((await raw(large, { 'transfer-encoding': 'chunked' })).status).toBe(413)
    expect((await sendModern(server.port, 'tools/list')).status).toBe(200)
  })

  it('with a body that is no message is refused with the right code', async () => {
    const codes = async (body: string | Buffer): Promise<unknown[]> => {
      const { status, json } = await raw(body)
      return [status, json.error.code, json.id]
    }
    expect(await codes('{"jsonrpc": "2.0", "id": 1')).toEqual([400, -32700, undefined])
    expect(await codes('')).toEqual([400, -32700, undefined])
    expect(await codes(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual([400, -32700, undefined])
    expect(await codes('[]')).toEqual([400, -32600, undefined])
    expect(await codes('[{"jsonrpc":"2.0","id":1,"method":"ping"}]')).toEqual([400, -32600, undefined])
    expect(await codes('null')).toEqual([400, -32600, undefined])
    expect(await codes('{"jsonrpc":"1.0","id":7,"method":"ping"}')).toEqual([400, -32600, 7])
    expect(await codes('{"jsonrpc":"2.0","id":null,"method":"ping"}')).toEqual([400, -32600, undefined])
    expect(await codes('{"jsonrpc":"2.0","id":1.5,"method":"ping"}')).toEqual([400, -32600, undefined])
    expect(await codes('{"jsonrpc":"2.0","id":7,"method":5}')).toEqual([400, -32600, 7])
    expect(await codes('{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}')).toEqual([400, -32600, 7])
    expect(
      await codes(`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":${'['.repeat(500)}${']'.repeat(500)}}}`),
    ).toEqual([400, -32600, undefined])
    expect(await codes('{"jsonrpc":"2.0","id":7,"method":"ping","params":{"__proto__":{"admin":true}}}')).toEqual([
      400,
      -32600,
      undefined,
    ])
    expect(await codes('{"jsonrpc":"2.0","id":7,"method":"ping","params":{"\\u005f_proto__":{"admin":true}}}')).toEqual(
      [400, -32600, undefined],
    )
  })
})

describe('a request of revision 2026-07-28', () => {
  it('is answered with one JSON body that says who answered', async () => {
    const answer = await sendModern(
      server.port,
      'tools/call',
      { name: 'add', arguments: { a: 2, b: 3 } },
      { id: 'seven' },
    )
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers['mcp-session-id']).toBeUndefined()
    expect(answer.json).toEqual({
      jsonrpc: '2.0',
      id: 'seven',
      result: {
        resultType: 'complete',
        content: [{ type: 'text', text: '{"sum":5}' }],
        structuredContent: { sum: 5 },
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'test', version: '1.2.3' } },
      },
    })
  })

  it('is answered with an event stream once its handler notifies', async () => {
    const meta = { progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'info' }
    const answer = await sendModern(server.port, 'tools/call', { name: 'chatty' }, { meta })
    expect(answer.headers['content-type']).toBe('text/event-stream')
    expect(answer.headers['x-accel-buffering']).toBe('no')
    expect(answer.messages.map(({ method, id }) => method ?? id)).toEqual([
      'notifications/message',
      'notifications/progress',
      1,
    ])
    expect(answer.text).not.toContain('\nid:')
  })

  it('gets no log message it did not ask for, and no progress without a token', async () => {
    const answer = await sendModern(server.port, 'tools/call', { name: 'chatty' })
    expect(answer.headers['content-type']).toBe('application/json')
  })

  it('must carry its envelope and the headers that mirror the body', async () => {
    const call = (headers: Record<string, string | undefined>, meta = {}) =>
      sendModern(server.port, 'tools/call', { name: 'add', arguments: { a: 1, b: 1 } }, { headers, meta })
    const cases: [Record<string, string | undefined>, object, number, number][] = [
      [{ 'mcp-protocol-version': undefined }, {}, 400, -32020],
      [{ 'mcp-protocol-version': '2025-11-25' }, {}, 400, -32020],
      [{ 'mcp-method': undefined }, {}, 400, -32020],
      [{ 'mcp-method': 'tools/list' }, {}, 400, -32020],
      [{ 'mcp-name': undefined }, {}, 400, -32020],
      [{ 'mcp-name': 'leak' }, {}, 400, -32020],
      [{ 'mcp-name': '=?base64?!!!?=' }, {}, 400, -32020],
      [{}, { 'io.modelcontextprotocol/clientCapabilities': undefined }, 400, -32602],
      [{}, { 'io.modelcontextprotocol/clientCapabilities': [] }, 400, -32602],
      [{}, { 'io.modelcontextprotocol/protocolVersion': 5 }, 400, -32602],
      [{}, { 'io.modelcontextprotocol/protocolVersion': undefined }, 400, -32602],
      [{}, { 'io.modelcontextprotocol/clientInfo': 'x' }, 400, -32602],
      [{}, { 'io.modelcontextprotocol/logLevel': 'loud' }, 400, -32602],
      [
        { 'mcp-protocol-version': '2031-01-01' },
        { 'io.modelcontextprotocol/protocolVersion': '2031-01-01' },
        400,
        -32022,
      ],
    ]
    for (const [headers, meta, status, code] of cases) {
      const answer = await call(headers, meta)
      expect([headers, meta, answer.status, answer.json.error.code, answer.json.id]).toEqual([
        headers,
        meta,
        status,
        code,
        1,
      ])
    }
    expect((await call({ 'mcp-name': `=?base64?${Buffer.from('add').toString('base64')}?=` })).status).toBe(200)
    expect((await call({}, { 'io.modelcontextprotocol/clientInfo': undefined })).status).toBe(200)
  })

  it('names the versions there are', async () => {
    const version = { 'io.modelcontextprotocol/protocolVersion': '2031-01-01' }
    const answer = await sendModern(
      server.port,
      'server/discover',
      {},
      { meta: version, headers: { 'mcp-protocol-version': '2031-01-01' } },
    )
    expect(answer.json.error.data).toMatchObject({
      requested: '2031-01-01',
      supported: expect.arrayContaining(['2026-07-28', '2024-11-05']),
    })
  })

  it('mirrors marked arguments into headers that must agree', async () => {
    const call = (given: object, headers: Record<string, string>) =>
      sendModern(server.port, 'tools/call', { name: 'region', arguments: given }, { headers }).then(
        ({ status }) => status,
      )
    expect(await call({ region: 'eu' }, { 'mcp-param-region': 'eu' })).toBe(200)
    expect(await call({ region: 'eu' }, { 'mcp-param-region': 'us' })).toBe(400)
    expect(await call({ region: 'eu' }, {})).toBe(400)
    expect(await call({ region: null }, {})).toBe(200)
    expect(await call({ n: 42 }, { 'mcp-param-n': '42.0' })).toBe(200)
    expect(await call({ n: 42 }, { 'mcp-param-n': '0x2a' })).toBe(400)
  })

  it('finds no method that the revision removed or never had', async () => {
    for (const method of [
      'initialize',
      'ping',
      'logging/setLevel',
      'resources/subscribe',
      'constructor',
      'unknown/method',
    ]) {
      const answer = await sendModern(server.port, method)
      expect([method, answer.status, answer.json.error.code, answer.json.id]).toEqual([method, 404, -32601, 1])
    }
  })

  it('may not be a response; a notification is taken in silence', async () => {
    const headers = { 'mcp-protocol-version': '2026-07-28' }
    expect((await raw('{"jsonrpc":"2.0","id":1,"result":{}}', headers)).status).toBe(400)
    const noted = await raw('{"jsonrpc":"2.0","method":"notifications/anything"}', headers)
    expect([noted.status, noted.text]).toEqual([202, ''])
  })
})

describe('a session of an older revision', () => {
  it('agrees on the client’s version, or else the newest, never on the modern one', async () => {
    for (const [asked, agreed] of [
      ['2024-11-05', '2024-11-05'],
      ['2025-03-26', '2025-03-26'],
      ['2025-06-18', '2025-06-18'],
      ['2025-11-25', '2025-11-25'],
      ['2026-07-28', '2025-11-25'],
      ['1.0', '2025-11-25'],
    ]) {
      const body = JSON.stringify({
        jsonrpc: '2.0',
        id: 0,
        method: 'initialize',
        params: { protocolVersion: asked, capabilities: {} },
      })
      const answer = await raw(body)
      expect([asked, answer.json.result.protocolVersion]).toEqual([asked, agreed])
      expect(answer.headers['mcp-session-id']).toMatch(/^[A-Za-z0-9_-]{43}$/)
    }
  })

  it('belongs to the principal that opened it', async () => {
    const ann = await openLegacy(server.port)
    expect((await ann.request('ping')).status).toBe(200)
    const stolen = await ann.request('tools/list', {}, { authorization: 'Bearer bob' }, 7)
    const unknown = await ann.request('tools/list', {}, { 'mcp-session-id': 'no-such-session' }, 7)
    expect([stolen.status, stolen.json]).toEqual([404, unknown.json])
    expect(
      (
        await send(server.port, {
          method: 'DELETE',
          headers: { authorization: 'Bearer bob', 'mcp-session-id': ann.sessionId },
        })
      ).status,
    ).toBe(404)
    expect((await ann.request('ping')).status).toBe(200)
  })

  it('ends with DELETE', async () => {
    const client = await openLegacy(server.port)
    expect(
      (await send(server.port, { method: 'DELETE', headers: { 'mcp-session-id': client.sessionId } })).status,
    ).toBe(204)
    expect((await client.request('ping')).status).toBe(404)
  })

  it('is needed, in a version that is served', async () => {
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    expect((await raw(body)).status).toBe(400)
    const client = await openLegacy(server.port)
    expect((await client.request('ping', {}, { 'mcp-protocol-version': '1999-01-01' })).status).toBe(400)
    expect((await client.request('ping', {}, { 'mcp-protocol-version': undefined })).status).toBe(200)
  })

  it('answers an unknown method in band, for 404 would end it', async () => {
    const client = await openLegacy(server.port)
    const answer = await client.request('unknown/method')
    expect([answer.status, answer.json.error.code]).toEqual([200, -32601])
  })

  it('takes notifications with 202', async () => {
    const client = await openLegacy(server.port)
    const answer = await client.post({ method: 'notifications/initialized' })
    expect([answer.status, answer.text]).toEqual([202, ''])
  })
})

describe('a tool that throws', () => {
  it('tells its reason to nobody, in either era', async () => {
    const modern = await sendModern(server.port, 'tools/call', { name: 'leak' })
    const legacy = await (await openLegacy(server.port)).request('tools/call', { name: 'leak' })
    for (const answer of [modern, legacy]) {
      expect(answer.text).not.toMatch(/hunter2|password|\.ts|at /)
      expect(answer.json.result.isError).toBe(true)
      const { callId } = answer.json.result._meta['dev.toolgate/error']
      expect(answer.json.result.content[0].text).toContain(callId)
      expect(test.records.find((record) => record.callId === callId)).toMatchObject({
        code: 'INTERNAL',
        decision: 'permit',
      })
      const ended = test.observed.find(
        (observation) => observation.type === 'call.ended' && observation.callId === callId,
      )
      expect(String((ended as { cause?: unknown }).cause)).toContain('hunter2')
    }
  })
})
