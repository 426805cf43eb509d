import { describe, expect, it } from 'vitest'
import { LanePool } from './lane-pool.ts'

interface Session {
  readonly number: number
}

function makePool(options: { readonly max?: number; readonly open?: () => Promise<Session> } = {}) {
  const closed: Session[] = []
  let opened = 0
  const pool = new LanePool<Session>({
    max: options.max ?? 2,
    reserved: 1,
    idleMs: 60_000,
    open: options.open ?? (async () => ({ number: ++opened })),
    close: async (session) => void closed.push(session),
  })
  return { pool, closed, opened: () => opened }
}

const signal = new AbortController().signal

describe('a pool of sessions', () => {
  it('lends one that was given back before it opens another', async () => {
    const { pool, opened } = makePool()
    const first = await pool.acquire('cheap', signal)
    pool.release(first)
    expect(await pool.acquire('cheap', signal)).toBe(first)
    expect(opened()).toBe(1)
    await pool.close()
  })

  it('keeps a session for cheap statements, however many others wait', async () => {
    const { pool } = makePool()
    const slow = await pool.acquire('ordinary', signal)
    const order: string[] = []
    const waiting = pool.acquire('ordinary', signal).then((session) => {
      order.push('ordinary')
      return session
    })
    const cheap = await pool.acquire('cheap', signal)
    order.push('cheap')
    pool.release(cheap)
    pool.release(slow)
    await waiting
    expect(order).toEqual(['cheap', 'ordinary'])
    await pool.close()
  })

  it('opens another in the place of one that was dropped', async () => {
    const { pool, closed } = makePool()
    const first = await pool.acquire('ordinary', signal)
    const waiting = pool.acquire('ordinary', signal)
    pool.drop(first)
    expect(await waiting).not.toBe(first)
    expect(closed).toEqual([first])
    pool.drop(first)
    expect(closed).toEqual([first])
    await pool.close()
  })

  it('lets who is gone lose the place in the queue', async () => {
    const { pool } = makePool()
    const held = await pool.acquire('ordinary', signal)
    const leaving = new AbortController()
    const left = pool.acquire('ordinary', leaving.signal)
    const next = pool.acquire('ordinary', signal)
    leaving.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    pool.release(held)
    expect(await next).toBe(held)
    await pool.close()
  })

  it('has its place again when opening fails', async () => {
    let fails = true
    const { pool } = makePool({
      async open() {
        if (fails) throw new Error('refused')
        return { number: 1 }
      },
    })
    for (const _ of [1, 2, 3]) await expect(pool.acquire('ordinary', signal)).rejects.toThrow('refused')
    fails = false
    expect(await pool.acquire('ordinary', signal)).toEqual({ number: 1 })
    await pool.close()
  })

  it('closes all of them at the end, and tells who waits', async () => {
    const { pool, closed } = makePool()
    const held = await pool.acquire('ordinary', signal)
    const waiting = pool.acquire('ordinary', signal)
    const refused = expect(waiting).rejects.toMatchObject({ code: 'CONNECTOR_UNAVAILABLE' })
    await pool.close()
    await refused
    expect(closed).toEqual([held])
    await expect(pool.acquire('cheap', signal)).rejects.toMatchObject({ code: 'CONNECTOR_UNAVAILABLE' })
  })
})
