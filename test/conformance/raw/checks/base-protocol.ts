import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { compileCapability } from '../../../../src/capabilities/compile-capability.ts'
import { defineTool } from '../../../../src/index.ts'
import { ENVELOPE, openLegacy, openStream, send, sendModern } from '../../../fixtures/http-client.ts'
import { BOTH, LEGACY, MODERN, onBoth, type RawCheck } from '../check.ts'
import type { StdioClient } from '../stdio-client.ts'

/** Sends bytes as a line and answers the error that has no id and was not there before. */
export async function refusalOf(client: StdioClient, line: string | Buffer): Promise<{ code: number }> {
  const isRefusal = (message: { id?: unknown; error?: unknown }): boolean =>
    message.error !== undefined && message.id == null
  const before = client.messages().filter(isRefusal).length
  client.write(line)
  client.write('\n')
  await client.find(() => client.messages().filter(isRefusal).length > before)
  return client.messages().filter(isRefusal).at(-1).error
}

/** Defines a tool with that input schema. Rejects when the schema is refused. */
async function definitionOf(input: Record<string, unknown>): Promise<void> {
  const tool = defineTool({ name: 'probe', input, run: () => '' })
  compileCapability(tool, { connector: 'raw', source: 'probe.ts' })
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
const BROKEN = ['{', '', '{"jsonrpc":"2.0",}', 'nonsense', '{"jsonrpc":"2.0","id":1,"method":"ping"', "{'a':1}"]
const BATCHES = [`[${PING}]`, `[${PING},${PING}]`, '[]']
const INVALID = ['7', 'null', '"text"', '{}', '{"id":1,"method":"ping"}', '{"jsonrpc":"1.0","id":1,"method":"ping"}']
const BAD_IDS = ['null', '1.5', 'true', '[]', '{}']

export const baseProtocol: readonly RawCheck[] = [
  {
    id: 'parse-error',
    requirement:
      'Text that is not JSON is answered with -32700 (over HTTP with status 400), without an id or with null',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        for (const body of [...BROKEN, Buffer.from([0x22, 0xff, 0xfe, 0x22])]) {
          const { status, json } = await send(port, { body })
          assert.deepEqual([status, json.error.code, json.id ?? null], [400, -32700, null], String(body))
        }
      },
      stdio: async (client) => {
        for (const line of BROKEN.filter((text) => text !== ''))
          assert.equal((await refusalOf(client, line)).code, -32700, line)
      },
    },
  },
  {
    id: 'invalid-request',
    requirement: 'JSON that is no JSON-RPC 2.0 message is answered with -32600',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        for (const body of INVALID) {
          const { status, json } = await send(port, { body })
          assert.deepEqual([status, json.error.code], [400, -32600], body)
        }
      },
      stdio: async (client) => {
        for (const line of INVALID.filter((text) => !text.includes('"id"')))
          assert.equal((await refusalOf(client, line)).code, -32600, line)
      },
    },
  },
  {
    id: 'ids',
    requirement: 'An id is a string or an integer and comes back with its type; null and anything else is refused',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        for (const id of ['1', 1, 0, -7, '', 'a b', Number.MAX_SAFE_INTEGER])
          assert.equal((await sendModern(port, 'server/discover', {}, { id })).json.id, id)
        for (const id of BAD_IDS) {
          const { status, json } = await send(port, { body: `{"jsonrpc":"2.0","id":${id},"method":"ping"}` })
          assert.deepEqual([status, json.error.code, json.id ?? null], [400, -32600, null], id)
        }
      },
      stdio: async (client) => {
        for (const id of ['text', 4711]) {
          client.send({ id, method: 'server/discover', params: { _meta: ENVELOPE } })
          assert.equal((await client.find((message) => message.id === id)).id, id)
        }
        for (const id of BAD_IDS)
          assert.equal((await refusalOf(client, `{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).code, -32600, id)
      },
    },
  },
  {
    id: 'no-batch',
    requirement: 'A JSON-RPC batch is not served (removed in 2025-06-18)',
    level: 'MUST NOT',
    revisions: BOTH,
    tests: {
      http: async ({ port }) => {
        const { sessionId } = await openLegacy(port)
        for (const body of BATCHES) {
          for (const headers of [{}, { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }]) {
            const { status, json } = await send(port, { body, headers })
            assert.deepEqual([status, json.error.code], [400, -32600], body)
          }
        }
      },
      stdio: async (client) => {
        for (const line of BATCHES) assert.equal((await refusalOf(client, line)).code, -32600, line)
      },
    },
  },
  {
    id: 'no-state-between-requests',
    requirement:
      'No state is inferred from earlier requests or the connection; what is listed depends on the credential alone',
    level: 'MUST NOT',
    revisions: MODERN,
    tests: {
      http: async ({ port }) => {
        const listFor = async (token: string): Promise<string> => {
          const { json } = await sendModern(port, 'tools/list', {}, { headers: { authorization: `Bearer ${token}` } })
          return json.result.tools.map(({ name }: { name: string }) => name).join()
        }
        const rounds = await Promise.all(['ann', 'gus', 'ann', 'gus', 'bob', 'gus'].map(listFor))
        assert.equal(new Set([rounds[0], rounds[2], rounds[4]]).size, 1)
        assert.equal(new Set([rounds[1], rounds[3], rounds[5]]).size, 1)
        assert.equal(rounds[1], 'echo,who')
        const { json } = await sendModern(port, 'tools/call', { name: 'who' })
        assert.deepEqual(JSON.parse(json.result.content[0].text).client.capabilities, {})
      },
      stdio: async (client) => {
        const capabilities = { elicitation: {} }
        const asked = await client.modern(
          'tools/call',
          { name: 'ask_name' },
          { 'io.modelcontextprotocol/clientCapabilities': capabilities },
        )
        assert.equal(asked.result.resultType, 'input_required')
        assert.equal((await client.modern('tools/call', { name: 'ask_name' })).error.code, -32021)
      },
    },
  },
  {
    id: 'initialize-never-modern',
    requirement: '`initialize` never negotiates the stateless revision; an unknown version gets the newest legacy one',
    level: 'MUST',
    revisions: LEGACY,
    tests: {
      http: async ({ port }) => {
        for (const asked of ['2026-07-28', '2027-01-01', '1999-01-01', 'latest', '']) {
          const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'raw', version: '0' } }
          const { json } = await send(port, {
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
          })
          assert.equal(json.result.protocolVersion, '2025-11-25', asked)
        }
        for (const asked of ['2025-06-18', '2025-03-26', '2024-11-05']) {
          const params = { protocolVersion: asked, capabilities: {}, clientInfo: { name: 'raw', version: '0' } }
          const { json } = await send(port, {
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
          })
          assert.equal(json.result.protocolVersion, asked)
        }
      },
      stdio: async (client) => {
        assert.equal((await client.open()).result.protocolVersion, '2025-11-25')
        assert.equal((await client.modern('initialize', { protocolVersion: '2026-07-28' })).error.code, -32601)
      },
    },
  },
  {
    id: 'quiet-before-initialized',
    requirement: 'Before `notifications/initialized` the server sends no requests of its own',
    level: 'SHOULD NOT',
    revisions: LEGACY,
    deviation:
      'A client that calls a tool before it has sent `notifications/initialized` is asked what the tool asks: the question is part of the answer to its own call, and clients that forget the notification keep working.',
    tests: {
      http: async ({ port }) => {
        const { sessionId } = await openLegacy(port, { capabilities: { elicitation: {} } })
        const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'ask_name' } })
        const headers = { 'mcp-session-id': sessionId, 'mcp-protocol-version': '2025-11-25' }
        const stream = await openStream(port, { headers, body })
        const [first] = await stream.messages(1)
        stream.leave()
        assert.notEqual(first.method, 'elicitation/create')
      },
    },
  },
  {
    id: 'schema-no-fetch',
    requirement: 'A `$ref` that leads over the network is never fetched',
    level: 'MUST NOT',
    revisions: BOTH,
    tests: {
      definition: async () => {
        let asked = 0
        const trap = createServer((_request, response) => {
          asked += 1
          response.end('{"type":"object"}')
        })
        await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve))
        const { port } = trap.address() as AddressInfo
        const $ref = `http://127.0.0.1:${port}/schema.json`
        await assert.rejects(definitionOf({ type: 'object', properties: { a: { $ref } } }), {
          code: 'DEFINITION_INVALID',
        })
        await new Promise<void>((resolve) => trap.close(() => resolve()))
        assert.equal(asked, 0)
      },
    },
  },
  {
    id: 'schema-dialect',
    requirement: 'A schema in an unknown dialect is refused with a clear error; 2020-12 is the default',
    level: 'MUST',
    revisions: BOTH,
    tests: {
      definition: async () => {
        await assert.rejects(definitionOf({ $schema: 'https://example.com/own', type: 'object' }), /dialect/)
        await definitionOf({ type: 'object', properties: { a: { $anchor: 'x', type: 'array', prefixItems: [{}] } } })
      },
    },
  },
  {
    id: 'nesting-is-bounded',
    requirement: 'What nests without end is refused before it is parsed or validated',
    level: 'SHOULD',
    revisions: BOTH,
    tests: {
      ...onBoth(async ({ eras }) => {
        for (const [revision, ask] of eras) {
          let tree: Record<string, unknown> = {}
          for (let depth = 0; depth < 40; depth += 1) tree = { child: tree }
          assert.equal(
            (await ask('tools/call', { name: 'nested', arguments: { tree } })).result?.isError,
            undefined,
            revision,
          )
        }
      }),
      http: async ({ port }) => {
        const body = `{"jsonrpc":"2.0","id":1,"method":"ping","params":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`
        const { status, json } = await send(port, { body })
        assert.deepEqual([status, json.error.code], [400, -32600])
      },
    },
  },
  {
    id: 'unknown-methods',
    requirement: 'An unknown method is answered with -32601, a method of the other era too',
    level: 'MUST',
    revisions: BOTH,
    tests: onBoth(async ({ modern, legacy }) => {
      for (const method of [
        'nothing/here',
        'ping',
        'logging/setLevel',
        'resources/subscribe',
        'constructor',
        '__proto__',
      ])
        assert.equal((await modern(method)).error.code, -32601, method)
      for (const method of ['nothing/here', 'server/discover', 'subscriptions/listen', 'toString'])
        assert.equal((await legacy(method)).error.code, -32601, method)
    }),
  },
]
