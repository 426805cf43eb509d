import { setTimeout as delay } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openDatabase, POOL } from '../../../test/fixtures/mysql.ts'
import { startOwnMariadb } from '../../../test/fixtures/own-mariadb.ts'
import { makeCertificate } from '../../../test/fixtures/tds/make-certificate.ts'
import { type ExecuteOptions, NO_IDENTITY, type SqlDatabase, type SqlResult } from '../sql/database.ts'
import { createMysqlDatabase } from './mysql-database.ts'
import { readTarget } from './target.ts'

const certificate = makeCertificate('localhost')
const server = await startOwnMariadb(certificate)
const opened: SqlDatabase[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()))
})
afterAll(() => server?.stop())

const UNAVAILABLE = { kind: 'unavailable' }

function here(): NonNullable<typeof server> {
  if (server === undefined) throw new Error('apt-get install mariadb-server')
  return server
}

async function open(): Promise<SqlDatabase> {
  const database = await openDatabase(`mysql://root@127.0.0.1:${here().port}/mysql`, { connectTimeoutMs: 1_000 })
  opened.push(database)
  return database
}

function run(database: SqlDatabase, text: string, timeoutMs = 5_000): Promise<SqlResult> {
  const options: ExecuteOptions = {
    signal: new AbortController().signal,
    access: 'read',
    lane: 'ordinary',
    identity: NO_IDENTITY,
    budget: { maxRows: 1000, maxBytes: 1_000_000, timeoutMs },
  }
  return database.execute({ text, parameters: [] }, options)
}

/** Milliseconds until a statement is answered again. */
async function untilAnswered(database: SqlDatabase): Promise<number> {
  const startedAt = performance.now()
  while (performance.now() - startedAt < 10_000) {
    if ((await run(database, 'SELECT 1').catch(() => undefined)) !== undefined) break
    await delay(20)
  }
  return performance.now() - startedAt
}

describe.skipIf(server === undefined)('a MariaDB server (apt-get install mariadb-server)', () => {
  it('that is stopped and started under calls fails those alone, mixes no rows, and is back within 5 s', async () => {
    const database = await open()
    const wrong: unknown[] = []
    let isOver = false
    const caller = async (number: number): Promise<void> => {
      for (let turn = 0; !isOver; turn += 1) {
        const mine = number * 1_000_000 + turn
        const outcome = await run(database, `SELECT ${mine} AS a, SLEEP(0.01)`).catch((failure: unknown) => failure)
        const isMine = (outcome as Partial<SqlResult>).rows?.[0]?.[0] === mine
        if (!isMine && (outcome as typeof UNAVAILABLE).kind !== 'unavailable') wrong.push(outcome)
        await delay(5)
      }
    }
    const callers = Array.from({ length: 10 }, (_, number) => caller(number))
    await delay(200)
    await here().halt()
    await expect(run(database, 'SELECT 1')).rejects.toMatchObject(UNAVAILABLE)
    await here().resume()
    expect(await untilAnswered(database)).toBeLessThan(5_000)
    await delay(200)
    isOver = true
    await Promise.all(callers)
    expect(wrong).toEqual([])
    const [[sessions] = []] = await here().execute(
      'SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = "mysql"',
    )
    expect(Number(sessions)).toBeLessThanOrEqual(POOL.max)
  })

  it('that hangs is given up at the time-out, and is used again when it answers', async () => {
    const database = await open()
    await run(database, 'SELECT 1')
    process.kill(here().pid(), 'SIGSTOP')
    try {
      await expect(run(database, 'SELECT 2', 500)).rejects.toMatchObject({
        kind: expect.stringMatching(/resources|unavailable/),
      })
    } finally {
      process.kill(here().pid(), 'SIGCONT')
    }
    expect(await untilAnswered(database)).toBeLessThan(5_000)
  })

  it('that has no connection left says so, and is used once there is one', async () => {
    const others = await Promise.all(
      Array.from({ length: 30 }, () =>
        createConnection({ host: '127.0.0.1', port: here().port, user: 'root' }).catch(() => undefined),
      ),
    )
    try {
      await expect(open()).rejects.toMatchObject({ kind: 'unavailable', state: '1040' })
    } finally {
      for (const connection of others) await connection?.end()
    }
    expect(await untilAnswered(await open())).toBeLessThan(5_000)
  })

  it.skipIf(certificate === undefined)(
    'is reached by TLS under its name and authority, and not under others',
    async () => {
      const { cert = '' } = certificate ?? {}
      const attempt = async (host: string, ca: string | undefined): Promise<SqlDatabase> => {
        const url = `mysql://root@${host}:${here().port}/mysql`
        const tls = { mode: 'verify', ...(ca !== undefined && { ca }) } as const
        const database = createMysqlDatabase(readTarget({ name: 'test', url, tls, pool: POOL }), POOL)
        opened.push(database)
        await database.connect(new AbortController().signal)
        return database
      }
      const database = await attempt('localhost', cert)
      const cipher = await run(database, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
      expect(cipher.rows[0]?.[1]).toMatch(/^TLS_|^[A-Z]/)
      await expect(attempt('localhost', makeCertificate('localhost')?.cert)).rejects.toMatchObject(UNAVAILABLE)
      await expect(attempt('localhost', undefined)).rejects.toMatchObject(UNAVAILABLE)
      await expect(attempt('127.0.0.1', cert)).rejects.toMatchObject({ code: 'CONNECTOR_FAILED' })
    },
  )
})
