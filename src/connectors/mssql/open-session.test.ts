import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeCertificate } from '../../../test/fixtures/tds/make-certificate.ts'
import { closeMssql, ONE, startMssql } from '../../../test/fixtures/tds/start-mssql.ts'

const TLS = makeCertificate('localhost')

afterEach(closeMssql)

describe('an error', () => {
  it.each([
    [208, "Invalid object name 'x'.", 'statement', true],
    [229, 'The SELECT permission was denied.', 'permission', true],
    [1205, 'Transaction was deadlocked.', 'resources', true],
    [245, "Conversion failed when converting the value '4929-1111' to int.", 'statement', false],
    [2627, 'Violation of PRIMARY KEY. The duplicate key value is (4929-1111).', 'statement', false],
    [50000, 'Raised by a procedure: 4929-1111', 'other', false],
  ])(
    '%i tells its number and line, and its text only where that never holds data',
    async (number, message, kind, isTextSafe) => {
      const { run } = await startMssql(() => ({ error: { number, message, line: 4 } }))
      await expect(run('bad')).rejects.toMatchObject({
        kind,
        state: `${number} (line 4)`,
        text: message.replace(/\.$/, ''),
        isTextSafe,
      })
    },
  )
})

describe('connecting', () => {
  const signal = new AbortController().signal

  it('says which login was refused, and tries it once', async () => {
    const { database, server } = await startMssql(() => ONE, { password: 'guess' })
    await expect(database.connect(signal)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: `The SQL Server at 127.0.0.1:${server.port} refuses the login reader.`,
    })
    expect(server.refused).toHaveLength(1)
  })

  it('sends no password to a server that says it cannot encrypt', async () => {
    const { database, server } = await startMssql(() => ONE, { tls: { mode: 'encrypted' } })
    await expect(database.connect(signal)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringContaining('does not offer encryption, so no password was sent'),
    })
    expect([...server.sessions, ...server.refused]).toEqual([])
  })

  it.skipIf(TLS === undefined)(
    'encrypts, and believes a certificate whose authority it knows (needs openssl)',
    async () => {
      const tls = { mode: 'encrypted', ca: TLS?.cert ?? '' } as const
      const { run } = await startMssql(() => ONE, { host: 'localhost', tls }, TLS)
      expect((await run('SELECT x')).rows).toEqual([[1]])
    },
  )

  it.skipIf(TLS === undefined).each([
    ['localhost', {}],
    // The right authority and the wrong name.
    ['localhost', { ca: TLS?.cert ?? '', serverName: 'db.example' }],
  ])('believes no other certificate, and sends no password (needs openssl)', async (host, more) => {
    const { database, server } = await startMssql(() => ONE, { host, tls: { mode: 'encrypted', ...more } }, TLS)
    await expect(database.connect(signal)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringContaining('is not trusted'),
    })
    expect([...server.sessions, ...server.refused]).toEqual([])
  })

  it('says what to check when nothing listens', async () => {
    const { database, server } = await startMssql(() => ONE)
    await server.close()
    await expect(database.connect(signal)).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      message: expect.stringMatching(/cannot be reached\.$/),
      hint: expect.stringContaining('firewall'),
    })
  })

  it('that fails during a call keeps host and login from the caller', async () => {
    const { run } = await startMssql(() => ONE, { password: 'guess' })
    await expect(run('SELECT x')).rejects.toMatchObject({ kind: 'unavailable', state: 'connect', isTextSafe: false })
  })

  it('says how to install the driver when it is missing', async () => {
    vi.doMock('tedious', () => {
      throw new Error('Cannot find package')
    })
    vi.resetModules()
    const { loadTedious } = await import('./load-tedious.ts')
    await expect(loadTedious()).rejects.toMatchObject({
      code: 'CONNECTOR_FAILED',
      hint: 'Install it: npm install tedious@19',
    })
    vi.doUnmock('tedious')
  })
})
