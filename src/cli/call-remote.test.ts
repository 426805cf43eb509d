import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ToolgateError } from '../errors.ts'
import { callRemoteTool, type Notification, type Remote } from './call-remote.ts'

interface Asked {
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly method: string; readonly params: Readonly<Record<string, unknown>> }
}

interface Answer {
  readonly status?: number
  readonly type?: string
  readonly body: unknown
}

let server: Server | undefined
let asked: Asked[]

afterEach(() => server?.close())

/** A real HTTP server that answers what it is told to. */
async function serve(answer: (asked: Asked) => Answer): Promise<Remote & { readonly told: Notification[] }> {
  asked = []
  const told: Notification[] = []
  server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += chunk
    const question = { headers: request.headers, body: JSON.parse(text) }
    asked.push(question)
    const { status = 200, type = 'application/json', body } = answer(question)
    response.writeHead(status, { 'content-type': type })
    response.end(typeof body === 'string' ? body : JSON.stringify({ jsonrpc: '2.0', id: 1, ...(body as object) }))
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  return { url, key: 'tg_key', version: '1.2.3', told, onNotification: (notification) => told.push(notification) }
}

async function failure(remote: Remote, name = 'date'): Promise<ToolgateError> {
  const thrown = await callRemoteTool(remote, name, {}).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(ToolgateError)
  return thrown as ToolgateError
}

describe('calling a tool of a running server', () => {
  it('sends one request of the modern era with the key and the mirrored headers', async () => {
    const remote = await serve(() => ({ body: { result: { content: [] } } }))
    expect(await callRemoteTool(remote, 'naïve name', { a: 1 })).toEqual({ content: [] })
    const [{ headers, body }] = asked as [Asked]
    expect(headers).toMatchObject({
      authorization: 'Bearer tg_key',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?bmHDr3ZlIG5hbWU=?=',
    })
    expect(body).toMatchObject({
      method: 'tools/call',
      params: {
        name: 'naïve name',
        arguments: { a: 1 },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientInfo': { name: 'toolgate', version: '1.2.3' },
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    })
  })

  it('reads an answer that comes as a stream and hands on what is told before it', async () => {
    const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }
    const answer = { jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'ä' }] } }
    const body = `: keep-alive\n\ndata: ${JSON.stringify(progress)}\n\nevent: message\r\ndata: ${JSON.stringify(answer)}\r\n\r\n`
    const remote = await serve(() => ({ type: 'text/event-stream', body }))
    expect(await callRemoteTool(remote, 'date', {})).toEqual(answer.result)
    expect(remote.told).toEqual([{ method: 'notifications/progress', params: { progress: 1 } }])
  })

  it('looks up which arguments go into headers when the server misses them', async () => {
    const inputSchema = {
      properties: {
        region: { type: 'string', 'x-mcp-header': 'Region' },
        filter: { properties: { limit: { type: 'integer', 'x-mcp-header': 'Limit' } } },
        absent: { type: 'string', 'x-mcp-header': 'Absent' },
      },
    }
    const remote = await serve(({ headers, body }) => {
      if (body.method === 'tools/list') {
        const page =
          body.params.cursor === undefined ? { tools: [], nextCursor: 'c' } : { tools: [{ name: 'find', inputSchema }] }
        return { body: { result: page } }
      }
      if (headers['mcp-param-region'] === undefined) {
        return { status: 400, body: { error: { code: -32020, message: 'Mcp-Param-Region is missing.' } } }
      }
      return { body: { result: { content: [] } } }
    })
    await callRemoteTool(remote, 'find', { region: 'Île', filter: { limit: 5 } })
    const headers = asked.at(-1)?.headers
    expect(headers).toMatchObject({ 'mcp-param-region': '=?base64?w45sZQ==?=', 'mcp-param-limit': '5' })
    expect(headers).not.toHaveProperty('mcp-param-absent')
  })

  it('tells what the server refused, with its code and its hint once', async () => {
    const error = {
      code: -31403,
      message: 'You need a scope. Ask the owner.',
      data: { code: 'FORBIDDEN', hint: 'Ask the owner.', callId: 'c1' },
    }
    const thrown = await failure(await serve(() => ({ status: 403, body: { error } })))
    expect(thrown).toMatchObject({ code: 'FORBIDDEN', message: 'You need a scope.', hint: 'Ask the owner.' })
  })

  it('says what to do without a valid key', async () => {
    const remote = await serve(() => ({ status: 401, type: 'text/plain', body: 'no' }))
    expect(await failure(remote)).toMatchObject({
      code: 'UNAUTHENTICATED',
      hint: expect.stringContaining('TOOLGATE_KEY'),
    })
  })

  it('says so when something else than an MCP server answers, or nothing at all', async () => {
    const html = await serve(() => ({ status: 404, type: 'text/html', body: '<h1>Not found</h1>' }))
    expect(await failure(html)).toMatchObject({ code: 'NOT_REACHABLE', message: expect.stringContaining('status 404') })
    const odd = await serve(() => ({ body: '{"jsonrpc":"2.0"}' }))
    expect((await failure(odd)).code).toBe('NOT_REACHABLE')
    const cut = await serve(() => ({ type: 'text/event-stream', body: ': nothing more\n\n' }))
    expect((await failure(cut)).code).toBe('NOT_REACHABLE')
    const gone = { ...cut }
    await new Promise((resolve) => server?.close(resolve))
    expect((await failure(gone)).message).toContain('ECONNREFUSED')
  })
})
