import { describe, expect, it } from 'vitest'
import { createTestEngine, holder } from '../../../test/fixtures/engine.ts'
import { createSessionStore, type SessionStore } from './session-store.ts'

const opening = { version: '2025-11-25', client: { capabilities: {} } }
const ann = holder('ann', 'user')
const bob = holder('bob', 'user')

function start(limits: { idleMs?: number; max?: number; maxPerPrincipal?: number } = {}) {
  let now = 0
  const sessions = { idleMs: 60_000, max: 10, maxPerPrincipal: 5, ...limits }
  const test = createTestEngine([], { clock: () => now, server: { sessions } })
  const store: SessionStore = createSessionStore(test.engine)
  return { store, pass: (ms: number) => (now += ms) }
}

/** What is said to whoever may not have a session. */
async function refused(find: () => unknown): Promise<string> {
  try {
    await find()
    return ''
  } catch (thrown) {
    return String(thrown)
  }
}

describe('a session', () => {
  it('ends when it was idle too long, and not before', async () => {
    const { store, pass } = start()
    const used = await store.open(ann, opening)
    const idle = await store.open(ann, opening)
    pass(59_999)
    await store.find(used.id, ann)
    await store.sweep()
    expect(store.size).toBe(2)
    pass(1)
    await store.sweep()
    expect(store.size).toBe(1)
    await expect(refused(() => store.find(idle.id, ann))).resolves.toMatch(/unknown or has ended/)
    expect(store.find(used.id, ann)).toBe(used)
  })

  it('is not idle while its client listens or waits for an answer', async () => {
    const { store, pass } = start()
    const listening = await store.open(ann, opening)
    listening.outlet = { isOpen: true, send: () => {}, close: () => {} }
    const waiting = await store.open(ann, opening)
    const request = { jsonrpc: '2.0', id: 1, method: 'tools/call' } as const
    const exchange = waiting.beginRequest(request, { isOpen: false, send: () => {}, close: () => {} }, 'http')
    pass(1_000_000)
    await store.sweep()
    expect(store.size).toBe(2)
    waiting.endRequest(request)
    listening.outlet = { isOpen: false, send: () => {}, close: () => {} }
    await store.sweep()
    expect(store.size).toBe(0)
    expect(exchange.cancellation.isCancelled).toBe(false)
  })

  it('of one principal is found by no other', async () => {
    const { store } = start()
    const session = await store.open(ann, opening)
    await expect(refused(() => store.find(session.id, bob))).resolves.toMatch(/unknown or has ended/)
  })

  it('makes room for a newer one of its own principal, the one unused longest first', async () => {
    const { store, pass } = start({ maxPerPrincipal: 2 })
    const first = await store.open(ann, opening)
    pass(1)
    const second = await store.open(ann, opening)
    pass(1)
    await store.find(first.id, ann)
    pass(1)
    await store.open(ann, opening)
    await expect(refused(() => store.find(second.id, ann))).resolves.toMatch(/unknown/)
    expect(store.find(first.id, ann)).toBe(first)
  })

  it('of one principal never ends for another’s sake: the newcomer is refused', async () => {
    const { store } = start({ max: 2 })
    const own = [await store.open(ann, opening), await store.open(ann, opening)]
    await expect(store.open(bob, opening)).rejects.toThrow(/Too many sessions/)
    for (const session of own) expect(store.find(session.id, ann)).toBe(session)
  })

  it('stays bounded whatever one principal opens', async () => {
    const { store } = start({ max: 100, maxPerPrincipal: 10 })
    for (let count = 0; count < 10_000; count += 1) await store.open(ann, opening)
    expect(store.size).toBe(10)
  })

  it('cancels what runs in it when it ends', async () => {
    const { store } = start()
    const session = await store.open(ann, opening)
    const outlet = { isOpen: false, send: () => {}, close: () => {} }
    const { cancellation } = session.beginRequest({ jsonrpc: '2.0', id: 1, method: 'tools/call' }, outlet, 'http')
    await store.end(session)
    expect(cancellation.isCancelled).toBe(true)
  })
})
