import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { VERSIONS, type Version } from './authorization-matrix/cells.ts'
import type { Credential } from './authorization-matrix/credentials.ts'
import { openWorld, type World } from './authorization-matrix/open-world.ts'
import { askedBy, type Request, writeRequest } from './authorization-matrix/operations.ts'
import { settle } from './authorization-matrix/run-cells.ts'
import type { Answer } from './authorization-matrix/wire.ts'

/**
 * One call that its caller may not make, in every form that somebody may hope another part of the server reads (CVE-2026-11719: scopes
 * that only the newest protocol handler checked; CVE-2026-27896: keys that two readers understand differently).
 */
let world: World
let weak: Credential
let sessions: ReadonlyMap<Version, string>
let runs: number

beforeAll(async () => {
  world = await openWorld()
  weak = world.credential('jwt', 'under-scoped')
  sessions = (await settle(world.wire, weak)).sessions
}, 60_000)
afterAll(() => world?.close())
beforeEach(() => {
  runs = world.runs()
})
afterEach(() => expect(world.runs()).toBe(runs))

const NO_TASKS = { ownTask: '', foreignTask: '' }
const FORBIDDEN = { name: 'write_note' }
const write = (version: Version): Request => writeRequest(askedBy('call write', version, NO_TASKS), version)
const send = (headers: Record<string, string>, body: unknown, credential = weak): Promise<Answer> =>
  world.wire.post(credential, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
const call = (more: object = {}) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: FORBIDDEN, ...more })
const isOk = ({ json }: Answer): boolean => json?.result !== undefined && json.result.isError !== true
const code = ({ json }: Answer): unknown => json?.error?.data?.code
const session = (version: Version = '2025-11-25'): Record<string, string> => ({
  'mcp-session-id': sessions.get(version) ?? '',
})

const LIES: readonly string[] = [
  ...VERSIONS,
  ...[
    '2026-07-27',
    '2099-01-01',
    '1.0',
    '0',
    'draft',
    'DRAFT-2026-v1',
    '2025-11-25, 2026-07-28',
    '２０２５-11-25',
    '*',
  ],
]
const ASCII_LIES = LIES.filter((version) => /^[\x20-\x7e]+$/.test(version))

describe('a call that is forbidden', () => {
  it('stays so whatever version its header names', async () => {
    for (const version of ASCII_LIES) {
      for (const shape of VERSIONS) {
        for (const opened of [{}, session(), session('2024-11-05')]) {
          const { headers, body } = write(shape)
          const answer = await send({ ...headers, 'mcp-protocol-version': version, ...opened }, body)
          expect([version, shape, isOk(answer)]).toEqual([version, shape, false])
          expect([version, shape, [400, 403, 404].includes(answer.status)]).toEqual([version, shape, true])
        }
      }
    }
  })

  it('stays so whatever version its envelope names', async () => {
    const { headers, body } = write('2026-07-28')
    for (const version of [...LIES, 20260728, null, {}, ['2026-07-28'], '2026-07-28\u0000']) {
      const sent = JSON.parse(body)
      sent.params._meta['io.modelcontextprotocol/protocolVersion'] = version
      for (const named of ['2026-07-28', '2025-11-25']) {
        const answer = await send({ ...headers, 'mcp-protocol-version': named, ...session() }, sent)
        expect([version, named, isOk(answer)]).toEqual([version, named, false])
      }
    }
  })

  it('stays so in a session that was opened with any version, and with any said after it', async () => {
    for (const opened of VERSIONS.filter((one) => one !== '2026-07-28')) {
      for (const said of VERSIONS) {
        const headers = said === 'none' ? {} : { 'mcp-protocol-version': said }
        expect(isOk(await send({ ...headers, ...session(opened) }, call()))).toBe(false)
      }
      expect((await send(session(opened), call())).status).toBe(403)
    }
  })

  it('is not smuggled in as a notification, a response, a batch, or under another spelling of JSON-RPC', async () => {
    const { headers } = write('2026-07-28')
    const bodies: readonly unknown[] = [
      call({ id: undefined }),
      call({ id: null }),
      call({ id: [1] }),
      call({ id: 1.5 }),
      call({ jsonrpc: '1.0' }),
      call({ jsonrpc: undefined }),
      call({ result: {} }),
      { jsonrpc: '2.0', id: 1, result: FORBIDDEN },
      call({ method: 'Tools/Call' }),
      call({ method: 'tools/call ' }),
      call({ method: 'tools//call' }),
      call({ method: ['tools/call'] }),
      call({ METHOD: 'tools/call', method: 'tools/none' }),
      call({ params: [FORBIDDEN] }),
      call({ params: { Name: 'write_note' } }),
      call({ params: { name: ['write_note'] } }),
      [call()],
      [[call()]],
      [{ jsonrpc: '2.0', id: 1, method: 'ping' }, call({ id: 2 })],
      { batch: [call()] },
      `${JSON.stringify(call())}\n${JSON.stringify(call())}`,
      `\ufeff${JSON.stringify(call())}`,
      JSON.stringify(call()).replace('"name"', '"__proto__":{"name":"write_note"},"name"'),
      `/**/${JSON.stringify(call())}`,
    ]
    for (const body of bodies) {
      for (const said of [headers, session(), { ...headers, ...session() }]) {
        const answer = await send(said, body)
        expect([body, isOk(answer)]).toEqual([body, false])
        expect([body, answer.status < 500]).toEqual([body, true])
      }
    }
  })

  it('is not reached by another spelling of its name, nor is what is hidden', async () => {
    const owner = world.credential('key', 'good')
    const spelt = (name: string): string[] => [
      ...[`${name} `, ` ${name}`, name.toUpperCase(), `notes.${name}`, `notes/${name}`, `${name}\u0000`, `./${name}`],
      ...[
        name.replace('_', '\u005f\u200b'),
        name.replace('n', 'ｎ'),
        encodeURIComponent(`${name}/`),
        `*`,
        `${name},read_note`,
      ],
    ]
    for (const [credential, name] of [
      [weak, 'write_note'],
      [owner, 'hidden_note'],
    ] as const) {
      for (const other of spelt(name)) {
        const asked = writeRequest({ method: 'tools/call', params: { name: other } }, '2026-07-28')
        const encoded = `=?base64?${Buffer.from(other).toString('base64')}?=`
        const answer = await send({ ...asked.headers, 'mcp-name': encoded }, asked.body, credential)
        expect([other, code(answer)]).toEqual([other, 'CAPABILITY_NOT_FOUND'])
      }
    }
  })

  it('is not reached on another path, or as another method of HTTP', async () => {
    const { headers, body } = write('2026-07-28')
    for (const path of ['/mcp/', '//mcp', '/MCP', '/mcp;v=1', '/mcp%2F', '/x/../mcp', '/mcp/../sse', '/v1/mcp', '/']) {
      const answer = await world.wire.post(weak, { headers, body, path })
      expect([path, isOk(answer), answer.status >= 400]).toEqual([path, false, true])
    }
    for (const method of ['PUT', 'PATCH', 'QUERY', 'HEAD', 'TRACE']) {
      const answer = await world.wire.post(weak, { headers, body, method })
      expect([method, answer.status >= 400]).toEqual([method, true])
    }
    for (const name of [
      'x-http-method-override',
      'x-method-override',
      'x-original-url',
      'x-rewrite-url',
      'x-mcp-scope',
    ]) {
      const answer = await send({ ...headers, [name]: name.endsWith('url') ? '/health/live' : 'GET' }, body)
      expect([name, answer.status]).toEqual([name, 403])
    }
  })
})

describe('a header that says something else than the body', () => {
  const good = (): Credential => world.credential('jwt', 'good')

  it.each([
    ['mcp-name', 'read_note'],
    ['mcp-name', 'WRITE_NOTE'],
    ['mcp-name', `=?base64?${Buffer.from('read_note').toString('base64')}?=`],
    ['mcp-name', '=?base64?!!!?='],
    ['mcp-name', ''],
    ['mcp-method', 'tools/list'],
    ['mcp-method', 'Tools/Call'],
    ['mcp-protocol-version', '2025-11-25'],
  ])('is refused, also from whoever may call both: %s: %s', async (name, value) => {
    for (const credential of [good(), weak]) {
      const { headers, body } = write('2026-07-28')
      const answer = await send({ ...headers, [name]: value }, body, credential)
      expect([answer.status, code(answer)]).toEqual([400, 'HEADER_MISMATCH'])
    }
  })

  it('is refused where the body names two, of which readers take either', async () => {
    for (const credential of [good(), weak]) {
      const { headers, body } = write('2026-07-28')
      const two = body.replace('"name":"write_note"', '"name":"read_note","name":"write_note"')
      expect(code(await send({ ...headers, 'mcp-name': 'read_note' }, two, credential))).toBe('HEADER_MISMATCH')
      const methods = body.replace('"method":"tools/call"', '"method":"tools/list","method":"tools/call"')
      expect(code(await send({ ...headers, 'mcp-method': 'tools/list' }, methods, credential))).toBe('HEADER_MISMATCH')
    }
  })

  it('is refused where it is missing', async () => {
    for (const missing of ['mcp-name', 'mcp-method', 'mcp-protocol-version']) {
      const { headers, body } = write('2026-07-28')
      const left = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== missing))
      const answer = await send(left, body, good())
      expect([missing, answer.status, code(answer)]).toEqual([missing, 400, 'HEADER_MISMATCH'])
    }
  })
})
