import { request } from 'node:https'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIVE_STATES, type Operation, VERSIONS, type Version } from './cells.ts'
import type { Credential } from './credentials.ts'
import { openWorld, type World } from './open-world.ts'
import { askedBy, writeRequest } from './operations.ts'
import { settle } from './run-cells.ts'
import type { Answer } from './wire.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
}, 60_000)
afterAll(() => world?.close())

const KINDS = ['key', 'jwt', 'dpop', 'bound', 'mtls'] as const
const LEGACY = VERSIONS.filter((version) => version !== '2026-07-28')
const NO_TASKS = { ownTask: '', foreignTask: '' }
const write = (operation: Operation, version: Version) => writeRequest(askedBy(operation, version, NO_TASKS), version)
const outcome = ({ status, json }: Answer): unknown[] => [status, json?.error?.data?.code]

function ask(credential: Credential, operation: Operation, version: Version, session: string): Promise<Answer> {
  const { headers, body } = write(operation, version)
  return world.wire.post(credential, { headers: { ...headers, 'mcp-session-id': session }, body })
}

describe('a session that somebody else opened', () => {
  it.each(KINDS)('is none for another tenant with the same kind of credential: %s', async (kind) => {
    const owner = world.credential(kind, 'good')
    const other = world.credential(kind, 'other-tenant')
    const { sessions } = await settle(world.wire, owner)
    const before = world.runs()
    for (const version of LEGACY) {
      const session = sessions.get(version) ?? ''
      const foreign = await ask(other, 'call write', version, session)
      const never = await ask(other, 'call write', version, 'x'.repeat(43))
      expect(outcome(foreign)).toEqual([404, 'SESSION_NOT_FOUND'])
      expect(foreign.text.replace(/"id":\d+/, '')).toBe(never.text.replace(/"id":\d+/, ''))
      for (const method of ['GET', 'DELETE']) {
        const headers = { 'mcp-session-id': session }
        const answer = await world.wire.post(other, { method, headers, body: '' })
        expect(outcome(answer)).toEqual([404, 'SESSION_NOT_FOUND'])
      }
    }
    expect(world.runs()).toBe(before)
    for (const version of LEGACY) {
      expect((await ask(owner, 'call write', version, sessions.get(version) ?? '')).status).toBe(200)
    }
  })

  it.each(KINDS)('is neither heard nor ended with a credential that is no longer good: %s', async (kind) => {
    const { sessions } = await settle(world.wire, world.credential(kind, 'good'))
    const session = { 'mcp-session-id': sessions.get('2025-11-25') ?? '' }
    for (const state of ['expired', 'revoked'] as const) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await world.wire.post(world.credential(kind, state), { method, headers: session, body: '' })
        expect(outcome(answer)).toEqual([401, 'UNAUTHENTICATED'])
      }
    }
    expect(
      (await ask(world.credential(kind, 'good'), 'tools/list', '2025-11-25', session['mcp-session-id'])).status,
    ).toBe(200)
  })

  it.each(['jwt', 'dpop', 'bound'] as const)('lends its scopes to no weaker token of its user: %s', async (kind) => {
    const owner = world.credential(kind, 'good')
    const weak = world.credential(kind, 'under-scoped')
    const session = (await settle(world.wire, owner)).sessions.get('2025-11-25') ?? ''
    const run = world.server.runs.get(`${owner.id} write_note`) ?? 0
    const asked = Array.from({ length: 20 }, () => [owner, weak]).flat()
    const statuses = await Promise.all(
      asked.map(async (one) => (await ask(one, 'call write', '2025-11-25', session)).status),
    )
    expect(statuses).toEqual(asked.map((one) => (one === owner ? 200 : 403)))
    expect(world.server.runs.get(`${owner.id} write_note`)).toBe(run + 20)
  })
})

describe('a batch', () => {
  it.each(KINDS)('is refused whole, so that nothing is smuggled behind what is permitted: %s', async (kind) => {
    const credential = world.credential(kind, 'under-scoped')
    const { sessions } = await settle(world.wire, credential)
    const before = world.runs()
    for (const version of VERSIONS) {
      const [permitted, forbidden] = [write('call read', version), write('call write', version)]
      const session = sessions.get(version)
      const headers = { ...permitted.headers, ...(session === undefined ? {} : { 'mcp-session-id': session }) }
      for (const bodies of [[permitted.body, forbidden.body], [forbidden.body], [permitted.body]]) {
        const answer = await world.wire.post(credential, { headers, body: `[${bodies.join(',')}]` })
        expect(outcome(answer)).toEqual([400, 'INVALID_REQUEST'])
      }
    }
    expect(world.runs()).toBe(before)
  })
})

/** The stream of the transport of 2024-11-05, and what was told on it. */
async function listen(credential: Credential): Promise<{ post: string; told(): Promise<string>; leave(): void }> {
  const { port } = new URL(world.server.url)
  const { cert, key } = credential.certificate ?? {}
  const headers = { accept: 'text/event-stream', ...(await headersFor(credential, 'GET', '/sse')) }
  const options = { host: '127.0.0.1', port, path: '/sse', headers, ca: world.server.authority.cert }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...options, ...(cert && { cert, key }), agent: false }, (incoming) => {
      let text = ''
      const waiting: ((told: string) => void)[] = []
      incoming.setEncoding('utf8').on('error', () => {})
      incoming.on('data', (chunk: string) => {
        text += chunk
        const post = /^data: (\/messages\S+)$/m.exec(text)?.[1]
        if (post !== undefined) {
          const told = (): Promise<string> => new Promise((done) => waiting.push(done))
          resolve({ post, told, leave: () => outgoing.destroy() })
          text = ''
          return
        }
        waiting.shift()?.(text)
        text = ''
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const headersFor = (credential: Credential, method: string, path: string): Promise<Readonly<Record<string, string>>> =>
  credential.headers({ method, path })

describe('the older HTTP+SSE pair', () => {
  it.each(KINDS)('takes posts for a listener from whoever listens, and from nobody else: %s', async (kind) => {
    const owner = world.credential(kind, 'good')
    const listener = await listen(owner)
    const before = world.runs()
    const { body } = write('call write', '2024-11-05')
    for (const state of [...LIVE_STATES.filter((one) => one !== 'good'), 'expired', 'revoked'] as const) {
      const answer = await world.wire.post(world.credential(kind, state), { headers: {}, body, path: listener.post })
      const isLetIn = LIVE_STATES.includes(state)
      expect(outcome(answer)).toEqual(isLetIn ? [404, 'SESSION_NOT_FOUND'] : [401, 'UNAUTHENTICATED'])
    }
    expect(world.runs()).toBe(before)
    const opened = listener.told()
    await world.wire.post(owner, { ...write('discover', '2024-11-05'), path: listener.post })
    expect(await opened).toContain('"protocolVersion":"2024-11-05"')
    const told = listener.told()
    expect((await world.wire.post(owner, { headers: {}, body, path: listener.post })).status).toBe(202)
    expect(await told).toContain('write_note for acme')
    expect(world.runs()).toBe(before + 1)
    listener.leave()
  })

  it.each(KINDS)('refuses a call as the other transports do: %s', async (kind) => {
    const weak = world.credential(kind, 'under-scoped')
    const listener = await listen(weak)
    const before = world.runs()
    for (const [operation, code] of [
      ['discover', undefined],
      ['call write', -31403],
      ['call hidden', -32602],
      ['read foreign', -32002],
    ] as const) {
      const told = listener.told()
      await world.wire.post(weak, { ...write(operation, '2024-11-05'), headers: {}, path: listener.post })
      expect(/"code":(-\d+)/.exec(await told)?.[1]).toBe(code?.toString())
    }
    expect(world.runs()).toBe(before)
    listener.leave()
  })

  it.each(KINDS)('opens no stream for whoever is not let in: %s', async (kind) => {
    for (const state of ['expired', 'revoked'] as const) {
      const answer = await world.wire.post(world.credential(kind, state), {
        ...{ method: 'GET', path: '/sse', headers: {}, body: '' },
      })
      expect(outcome(answer)).toEqual([401, 'UNAUTHENTICATED'])
    }
  })
})
