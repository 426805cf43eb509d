import { afterEach, describe, expect, it } from 'vitest'
import { closeMssql, ONE, SINGLE, startMssql } from '../../../test/fixtures/tds/start-mssql.ts'
import type { Answer, Statement as Seen } from '../../../test/fixtures/tds/statement.ts'

afterEach(closeMssql)

describe('a session', () => {
  it('is made like new between two callers, who are told apart by what nobody can change', async () => {
    const contexts: unknown[] = []
    const { run, server } = await startMssql(({ session }) => {
      contexts.push([...session.context])
      return ONE
    }, SINGLE)
    await run('first', { identity: { settings: { 'app.tenant': 'acme', 'app.user': "O'Brien" } } })
    await run('second')
    await run('third', { identity: { settings: { 'app.tenant': 'other' } } })
    expect(contexts).toEqual([
      [
        ['app.tenant', 'acme'],
        ['app.user', "O'Brien"],
      ],
      [],
      [['app.tenant', 'other']],
    ])
    await server.until(({ sessions }) => sessions.length === 1 && sessions[0]?.resets === 3)
    const told = server.statements.filter(({ sql }) => sql.includes('sp_set_session_context'))
    for (const { sql } of told) expect(sql).toMatch(/@read_only = 1;$/)
  })

  it('runs what reads in a transaction that is never committed', async () => {
    const { run, server } = await startMssql(() => ONE)
    await run('SELECT x')
    await server.until(({ sessions }) => sessions[0]?.resets === 1)
    expect(server.statements.map(({ sql, wasInTransaction }) => [sql, wasInTransaction])).toEqual([
      [expect.stringMatching(/BEGIN TRANSACTION;$/), false],
      ['SELECT x', true],
      ['IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION', true],
    ])
  })

  it('commits what writes, and nothing of what failed', async () => {
    const error = { number: 547, message: 'The INSERT statement conflicted …' }
    const { run, server } = await startMssql(({ sql }) => (sql === 'bad' ? { error } : { affected: 2 }))
    expect(await run('good', { access: 'write' })).toMatchObject({ changed: 2, rows: [] })
    await expect(run('bad', { access: 'write' })).rejects.toMatchObject({ kind: 'statement' })
    const ends = server.statements.map(({ sql }) => sql).filter((sql) => sql === 'COMMIT TRANSACTION')
    expect(ends).toHaveLength(1)
  })

  it('with a role of its own is not used again', async () => {
    const { run, server } = await startMssql(() => ONE)
    await run('as clerk', { identity: { role: "cl'erk", settings: {} } })
    await run('as reader')
    expect(server.statements[0]?.sql).toContain("EXECUTE AS USER = N'cl''erk' WITH NO REVERT;")
    expect(server.sessions).toHaveLength(2)
  })

  it('that was cut while nobody used it is replaced, and the caller does not notice', async () => {
    const { run, server } = await startMssql(() => ONE)
    await run('first')
    await server.until(({ sessions }) => sessions[0]?.resets === 1)
    server.sessions[0]?.kill()
    expect((await run('second')).rows).toEqual([[1]])
    expect(server.sessions).toHaveLength(2)
  })

  it('that is cut during a statement that writes fails it, and does not run it twice', async () => {
    const { run, texts } = await startMssql(({ sql, session }) => {
      if (sql === 'insert') session.kill()
      return ONE
    })
    await expect(run('insert', { access: 'write' })).rejects.toMatchObject({ kind: 'unavailable' })
    expect(texts()).toEqual(['insert'])
  })

  it('that nobody uses for long is closed', async () => {
    const { run, server } = await startMssql(() => ONE, { pool: { idleMs: 1 } })
    await run('first')
    await server.until(({ openConnections }) => openConnections === 0)
  })
})

describe('the pool', () => {
  const slowUnlessCheap = ({ sql }: Seen): Answer => (sql.startsWith('slow') ? { hangs: true } : ONE)

  it('lets a cheap statement through while slow ones fill the rest, and keeps to its size', async () => {
    const { run, server, texts } = await startMssql(slowUnlessCheap)
    const cancel = new AbortController()
    const slow = ['slow 1', 'slow 2', 'slow 3'].map((text) => run(text, { signal: cancel.signal }).catch(() => text))
    await server.until(() => texts().length === 2)
    expect((await run('cheap', { lane: 'cheap' })).rows).toEqual([[1]])
    expect(texts()).toEqual(['slow 1', 'slow 2', 'cheap'])
    expect(server.openConnections).toBe(3)
    cancel.abort()
    expect(await Promise.all(slow)).toEqual(['slow 1', 'slow 2', 'slow 3'])
    expect(server.cancelled).toHaveLength(2)
  })

  it('says that it is busy when no session gets free in time', async () => {
    const { run, server, texts } = await startMssql(slowUnlessCheap, { pool: { max: 2, acquireMs: 200 } })
    const cancel = new AbortController()
    const slow = run('slow', { signal: cancel.signal }).catch(() => {})
    await server.until(() => texts().length === 1)
    await expect(run('late')).rejects.toMatchObject({ kind: 'unavailable', state: 'busy' })
    cancel.abort()
    await slow
    expect((await run('later')).rows).toEqual([[1]])
  })

  it('serves those who wait in the order in which they came', async () => {
    const { run, texts } = await startMssql(() => ONE, { pool: { max: 2 } })
    const names = Array.from({ length: 8 }, (_, n) => `statement ${n}`)
    await Promise.all(names.map((name) => run(name)))
    expect(texts()).toEqual(names)
  })

  it('ends statements under way when it is closed, twice too', async () => {
    const { run, server, database } = await startMssql(slowUnlessCheap)
    const slow = run('slow', { access: 'write' })
    slow.catch(() => {})
    await server.until(({ statements }) => statements.some(({ sql }) => sql === 'slow'))
    await database.close()
    await database.close()
    await expect(slow).rejects.toMatchObject({ kind: 'unavailable' })
    await expect(run('after')).rejects.toMatchObject({ code: 'CONNECTOR_UNAVAILABLE' })
    await server.until(({ openConnections }) => openConnections === 0)
  })
})
