import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { createTestEngine } from '../../../test/fixtures/engine.ts'
import { modernRequest, openLegacy, openStream, send } from '../../../test/fixtures/http-client.ts'
import { defineTool } from '../../capabilities/definition.ts'
import { generateApiKey, hashApiKey } from '../../identity/api-key.ts'
import { createApiKeyAuthenticator } from '../../identity/api-key-authenticator.ts'
import { fixedPepper } from '../../identity/pepper.ts'
import type { KeyStore, StoredKey } from '../../storage/key-store.ts'
import { createMemoryKeyStore } from '../../storage/memory/key-store.ts'
import { createHttpEdge, type HttpEdge } from './serve-http.ts'

const START = Date.parse('2026-11-23T00:00:00Z')
const EXPIRES = Date.parse('2026-11-23T01:00:00Z')
const secret = Buffer.alloc(32, 1)

let edge: HttpEdge | undefined
afterEach(() => edge?.close(0))

function makeKey(name: string, more: Partial<StoredKey> = {}): { text: string; stored: StoredKey } {
  const { text, id } = generateApiKey()
  const hash = hashApiKey(text, secret)
  return { text, stored: { id, name, hash, roles: ['user'], createdAt: new Date(START).toISOString(), ...more } }
}

const short = makeKey('short', { expiresAt: new Date(EXPIRES).toISOString() })
const long = makeKey('long')

/** A server with real keys: one that expires in an hour, one that does not, and a store that can lose them. */
async function start() {
  let now = START
  const clock = () => now
  const keys = createMemoryKeyStore([short.stored, long.stored])
  const lost = new Set<string>()
  let isDown = false
  const find = (id: string): StoredKey | undefined => {
    if (isDown) throw new Error('disk is gone')
    return lost.has(id) ? undefined : keys.find(id)
  }
  const store: KeyStore = { ...keys, find }
  const hi = defineTool({ name: 'hi', run: () => 'hi' })
  const test = createTestEngine([hi], { clock, server: { compat: { sse: true } } })
  const authenticator = createApiKeyAuthenticator({ pepper: fixedPepper(secret), stores: [store], clock })
  edge = createHttpEdge(
    test.engine,
    { authenticator, anonymous: undefined },
    { host: '127.0.0.1', state: { isReady: true, connectors: () => [] } },
  )
  edge.server.listen(0, '127.0.0.1')
  await once(edge.server, 'listening')
  const { port } = edge.server.address() as AddressInfo
  return {
    port,
    revoke: (id: string) => lost.add(id),
    breakStore: (isBroken: boolean) => (isDown = isBroken),
    /** What the server's timer does, at that time. */
    sweepAt(time: number) {
      now = time
      return test.engine.streams.sweep(now, (principal) => authenticator.isValid(principal))
    },
    passTo: (time: number) => (now = time),
    engine: test.engine,
  }
}

const subscribe = (port: number, token: string, id = 'sub') =>
  openStream(port, modernRequest('subscriptions/listen', { notifications: { toolsListChanged: true } }, id, token))

async function listenLegacy(port: number, token: string) {
  const { sessionId } = await openLegacy(port, { token })
  const headers = { authorization: `Bearer ${token}`, 'mcp-session-id': sessionId }
  return { headers, stream: await openStream(port, { method: 'GET', headers }) }
}

/** Opens a stream of the older pair. */
async function listenOlder(port: number, token: string): Promise<{ readonly ended: Promise<unknown> }> {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' }
  const outgoing = httpRequest({ port, host: '127.0.0.1', path: '/sse', headers }).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  await once(incoming, 'data')
  return { ended: once(incoming.resume(), 'end') }
}

it('a stream ends in peace when its key expires, on every transport that has streams, and no other does', async () => {
  const { port, sweepAt, engine } = await start()
  const subscription = await subscribe(port, short.text)
  const { headers, stream } = await listenLegacy(port, short.text)
  const older = await listenOlder(port, short.text)
  const others = [await subscribe(port, long.text), (await listenLegacy(port, long.text)).stream]
  await sweepAt(EXPIRES - 1)
  engine.notifier.toolsChanged()
  expect((await subscription.messages(2))[1].method).toBe('notifications/tools/list_changed')
  expect((await stream.messages(1))[0].method).toBe('notifications/tools/list_changed')
  await sweepAt(EXPIRES)
  engine.notifier.toolsChanged()
  await Promise.all([subscription.ended, stream.ended, older.ended])
  expect((await subscription.messages(3))[2]).toMatchObject({ id: 'sub', result: { resultType: 'complete' } })
  expect(stream.text().match(/list_changed/g)).toHaveLength(1)
  expect((await others[0]?.messages(3))?.[2].method).toBe('notifications/tools/list_changed')
  expect((await others[1]?.messages(2))?.[1].method).toBe('notifications/tools/list_changed')
  const late = await send(port, { headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })
  const wrong = await send(port, { headers: { authorization: `Bearer ${generateApiKey().text}` }, body: '' })
  expect([late.status, late.text, late.headers['www-authenticate']]).toEqual([
    401,
    wrong.text,
    wrong.headers['www-authenticate'],
  ])
  for (const other of others) other.leave()
})

it('the streams of a key that was revoked end within fifteen seconds', async () => {
  const { port, sweepAt, revoke } = await start()
  const [subscription, other] = [await subscribe(port, long.text), await subscribe(port, short.text)]
  const { stream } = await listenLegacy(port, long.text)
  await sweepAt(START + 1_000)
  revoke(long.stored.id)
  for (let second = 2; second <= 15; second += 1) await sweepAt(START + second * 1_000)
  await Promise.all([subscription.ended, stream.ended])
  expect((await subscription.messages(2))[1]).toMatchObject({ id: 'sub', result: { resultType: 'complete' } })
  await sweepAt(START + 60_000)
  expect(other.text()).not.toContain('"result"')
  other.leave()
})

it('while the keys cannot be read nobody loses a stream, and what was revoked meanwhile ends afterwards', async () => {
  const { port, sweepAt, revoke, breakStore } = await start()
  const subscription = await subscribe(port, long.text)
  breakStore(true)
  revoke(long.stored.id)
  await sweepAt(START + 30_000)
  expect(subscription.text()).not.toContain('"result"')
  breakStore(false)
  await sweepAt(START + 60_000)
  await subscription.ended
})

it('the server looks by itself', async () => {
  const { port, passTo } = await start()
  const subscription = await subscribe(port, short.text)
  passTo(EXPIRES)
  await subscription.ended
  expect(subscription.text()).toContain('"result"')
})
