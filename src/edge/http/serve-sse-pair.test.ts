import { once } from 'node:events'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterEach, expect, test } from 'vitest'
import { createTestEngine, serveEngine, type TestServer } from '../../../test/fixtures/engine.ts'
import { send } from '../../../test/fixtures/http-client.ts'
import { defineResource, defineTool } from '../../capabilities/definition.ts'
import { acceptedContent, elicit, inputRequired } from '../../capabilities/input-required.ts'
import type { ServerOptions } from '../options.ts'

const compat = { sse: true }
let server: TestServer
let hanging: { started: Promise<void>; aborted: Promise<void> }

afterEach(() => server.edge.close(0))

async function serve(options: Partial<ServerOptions> = { compat }): Promise<TestServer> {
  let started = (): void => {}
  let aborted = (): void => {}
  hanging = {
    started: new Promise((resolve) => {
      started = resolve
    }),
    aborted: new Promise((resolve) => {
      aborted = resolve
    }),
  }
  const greet = defineTool({
    name: 'greet',
    run: async (_, { inputs }) => {
      const answer = acceptedContent(inputs.who)
      const form = { type: 'object' as const, properties: { name: { type: 'string' as const } } }
      return answer === undefined
        ? inputRequired({ requests: { who: elicit('Who?', form) } })
        : `Hello, ${answer.name}!`
    },
  })
  const hang = defineTool({
    name: 'hang',
    run: (_, { signal }) =>
      new Promise<string>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted()
          resolve('')
        })
        started()
      }),
  })
  const note = defineResource({ name: 'note', uri: 'test://note', read: () => 'noted' })
  server = await serveEngine(createTestEngine([greet, hang, note], { server: options }))
  return server
}

async function connect(client: Client): Promise<void> {
  const headers = { authorization: 'Bearer ann' }
  await client.connect(
    new SSEClientTransport(new URL(`http://127.0.0.1:${server.port}/sse`), { requestInit: { headers } }),
  )
}

interface Stream {
  readonly outgoing: ClientRequest
  readonly endpoint: string
}

/** Opens a stream by hand and waits for the event that tells where to post. */
async function listen(name: string): Promise<Stream> {
  const headers = { authorization: `Bearer ${name}`, accept: 'text/event-stream' }
  const outgoing = httpRequest({ port: server.port, host: '127.0.0.1', path: '/sse', headers })
  outgoing.on('error', () => {})
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  incoming.on('error', () => {})
  const [chunk] = (await once(incoming.setEncoding('utf8'), 'data')) as [string]
  const endpoint = /^event: endpoint\ndata: (\/messages\?sessionId=[\w-]{43})\n\n$/.exec(chunk)?.[1]
  expect(endpoint, chunk).toBeDefined()
  return { outgoing, endpoint: endpoint as string }
}

const ping = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })

test('the official client lists, calls, reads, and is asked, over the older pair', async () => {
  await serve()
  const client = new Client({ name: 'old', version: '1.0.0' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ann' } }))
  await connect(client)
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['greet', 'hang'])
  expect(await client.callTool({ name: 'greet' })).toMatchObject({ content: [{ text: 'Hello, Ann!' }] })
  expect(await client.readResource({ uri: 'test://note' })).toMatchObject({ contents: [{ text: 'noted' }] })
  await client.close()
})

test('a call is cancelled when its client is gone', async () => {
  await serve()
  const client = new Client({ name: 'old', version: '1.0.0' })
  await connect(client)
  const call = client.callTool({ name: 'hang' })
  await hanging.started
  await client.close()
  await expect(call).rejects.toThrow()
  await hanging.aborted
})

test('without the switch there is nothing on its paths', async () => {
  await serve({})
  expect((await send(server.port, { method: 'GET', path: '/sse' })).status).toBe(404)
  expect((await send(server.port, { path: '/messages?sessionId=x', body: ping })).status).toBe(404)
})

test.each([
  ['GET', '/sse', { host: 'evil.example' }, 403],
  ['POST', '/messages?sessionId=x', { host: 'evil.example' }, 403],
  ['GET', '/sse', { origin: 'https://evil.example' }, 403],
  ['POST', '/messages?sessionId=x', { origin: 'https://evil.example' }, 403],
  ['GET', '/sse', { authorization: undefined }, 401],
  ['POST', '/messages?sessionId=x', { authorization: undefined }, 401],
  ['GET', '/sse', { accept: 'application/json' }, 406],
  ['POST', '/messages?sessionId=x', { 'content-type': 'text/plain' }, 415],
  ['POST', '/sse', {}, 405],
  ['GET', '/messages', {}, 405],
  ['POST', '/messages', {}, 404],
  ['POST', '/messages?sessionId=x', {}, 404],
])('%s %s with %o is answered %i', async (method, path, headers, status) => {
  await serve()
  const body = method === 'POST' ? ping : ''
  expect((await send(server.port, { method, path, headers, body })).status).toBe(status)
})

test('a session is good for the principal that opened it, and for as long as it listens', async () => {
  await serve()
  const { endpoint, outgoing } = await listen('ann')
  const post = (name: string): Promise<number> =>
    send(server.port, { path: endpoint, headers: { authorization: `Bearer ${name}` }, body: ping }).then(
      ({ status }) => status,
    )
  expect(await post('ann')).toBe(202)
  expect(await post('bob')).toBe(404)
  outgoing.destroy()
  await expect.poll(() => post('ann')).toBe(404)
})

test('what cannot be read, is too large, or is of the newest revision is refused', async () => {
  await serve({ compat, maxBodyBytes: 1000 })
  const { endpoint, outgoing } = await listen('ann')
  const status = async (body: string): Promise<number> => (await send(server.port, { path: endpoint, body })).status
  expect(await status('{')).toBe(400)
  expect(await status(JSON.stringify('x'.repeat(2000)))).toBe(413)
  const params = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }
  expect(await status(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params }))).toBe(400)
  outgoing.destroy()
})

test('each listener counts as an open stream, and a closed one no more', async () => {
  await serve({ compat, maxStreamsPerPrincipal: 1 })
  const { outgoing } = await listen('ann')
  expect((await send(server.port, { method: 'GET', path: '/sse' })).status).toBe(503)
  await listen('bob').then((other) => other.outgoing.destroy())
  outgoing.destroy()
  await expect
    .poll(() =>
      listen('ann')
        .then(({ outgoing: again }) => again.destroy() !== undefined)
        .catch(() => false),
    )
    .toBe(true)
})

test('a server that ends, ends the streams that wait for nothing', async () => {
  await serve()
  const { outgoing } = await listen('ann')
  const closed = once(outgoing, 'close')
  await server.close()
  await closed
})
