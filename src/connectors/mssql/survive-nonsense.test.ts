import { afterEach, describe, expect, it } from 'vitest'
import { startTdsServer } from '../../../test/fixtures/tds/start-tds-server.ts'
import { NO_IDENTITY } from '../sql/database.ts'
import { createMssqlDatabase } from './create-mssql-database.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

describe('a server that sends nonsense', () => {
  it.each([
    ['an unknown token', Buffer.from([0x00, 1, 2, 3])],
    ['an unknown type', Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x01])],
    [
      'a value of an impossible length',
      Buffer.concat([Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x26, 4, 1, 0x61, 0, 0xd1, 3, 1, 2, 3])]),
    ],
    [
      'a decimal of no bytes but a sign',
      Buffer.concat([Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x6a, 5, 9, 2, 1, 0x61, 0, 0xd1, 1, 1])]),
    ],
    [
      'a date past all calendars',
      Buffer.concat([Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0x28, 1, 0x61, 0, 0xd1, 3, 255, 255, 255])]),
    ],
    ['a message that ends too early', Buffer.from([0x81, 9, 0])],
  ])('fails the statement alone: %s', async (_name, raw) => {
    const server = await startTdsServer({
      users: { reader: 'secret' },
      answer: ({ sql }) => (sql === 'bad' ? { raw } : { columns: [{ name: 'n', type: 'int' }], rows: [[1]] }),
    })
    closers.push(() => server.close())
    const database = createMssqlDatabase({
      host: '127.0.0.1',
      port: server.port,
      database: 'shop',
      user: 'reader',
      password: 'secret',
      tls: { mode: 'off' },
      pool: { max: 1, reserved: 0, idleMs: 1000, acquireMs: 5000, connectMs: 1000 },
    })
    closers.push(() => database.close())
    const run = (text: string) =>
      database.execute(
        { text, parameters: [] },
        {
          signal: new AbortController().signal,
          access: 'write',
          lane: 'ordinary',
          identity: NO_IDENTITY,
          budget: { maxRows: 10, maxBytes: 10_000, timeoutMs: 3000 },
        },
      )
    await expect(run('bad')).rejects.toMatchObject({ name: 'SqlFailure' })
    expect((await run('good')).rows).toEqual([[1]])
  })
})
