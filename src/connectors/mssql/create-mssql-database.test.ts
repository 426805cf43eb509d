import { afterEach, describe, expect, it } from 'vitest'
import { BUDGET, closeMssql, ONE, SINGLE, startMssql } from '../../../test/fixtures/tds/start-mssql.ts'
import type { Column } from '../../../test/fixtures/tds/tokens.ts'
import type { Value } from '../../../test/fixtures/tds/values.ts'

afterEach(closeMssql)

describe('values', () => {
  const of = (name: string, type: Omit<Column, 'name'>, sent: Value, read: unknown, family: string) => ({
    column: { name, ...type },
    sent,
    read,
    family,
  })
  const CASES = [
    of('bigint', { type: 'bigint' }, '-9223372036854775808', '-9223372036854775808', 'bigint'),
    of('decimal(9,2)', { type: 'decimal', precision: 9, scale: 2 }, '-1234567.80', '-1234567.80', 'decimal'),
    of('decimal(19,0)', { type: 'decimal', precision: 19 }, '9999999999999999999', '9999999999999999999', 'decimal'),
    of(
      'numeric(28,10)',
      { type: 'numeric', precision: 28, scale: 10 },
      '123456789012345678.0123456789',
      '123456789012345678.0123456789',
      'decimal',
    ),
    of(
      'decimal(38,38)',
      { type: 'decimal', precision: 38, scale: 38 },
      '-0.00000000000000000000000000000000000001',
      '-0.00000000000000000000000000000000000001',
      'decimal',
    ),
    of('money', { type: 'money' }, '-922337203685477.5808', '-922337203685477.5808', 'decimal'),
    of('real', { type: 'real' }, 0.1, 0.1, 'float'),
    of('float', { type: 'float' }, 1e308, 1e308, 'float'),
    of('bit', { type: 'bit' }, false, false, 'boolean'),
    of('int', { type: 'int' }, -7, -7, 'integer'),
    of('nvarchar(10)', { type: 'nvarchar', length: 10 }, 'Ü€😀', 'Ü€😀', 'text'),
    of('nvarchar(max)', { type: 'nvarchar', length: 'max' }, 'x'.repeat(4000), 'x'.repeat(4000), 'text'),
    of('varbinary(4)', { type: 'varbinary', length: 4 }, Buffer.from([0, 255]), 'AP8=', 'binary'),
    of('date', { type: 'date' }, '0001-01-01', '0001-01-01', 'date'),
    of('time(7)', { type: 'time', scale: 7 }, '23:59:59.9999999', '23:59:59.9999999', 'time'),
    of('datetime', { type: 'datetime' }, '1753-01-01T00:00:00.003', '1753-01-01T00:00:00.003', 'timestamp'),
    of(
      'datetime2(7)',
      { type: 'datetime2', scale: 7 },
      '9999-12-31T23:59:59.9999999',
      '9999-12-31T23:59:59.9999999',
      'timestamp',
    ),
    of('datetime2(0)', { type: 'datetime2', scale: 0 }, '2026-02-28T12:00:01', '2026-02-28T12:00:01', 'timestamp'),
    of(
      'datetimeoffset(7)',
      { type: 'datetimeoffset', scale: 7 },
      '2026-01-01T00:30:00.1234567-09:30',
      '2026-01-01T00:30:00.1234567-09:30',
      'timestamp',
    ),
    of(
      'uniqueidentifier',
      { type: 'uniqueidentifier' },
      '0F8FAD5B-D9CB-469F-A165-70867728950E',
      '0f8fad5b-d9cb-469f-a165-70867728950e',
      'uuid',
    ),
  ]

  it('arrive exactly, each with the type the engine gives it, and NULL', async () => {
    const columns = CASES.map(({ column }) => column)
    const nulls = CASES.map(() => null)
    const { run } = await startMssql(() => ({ columns, rows: [CASES.map(({ sent }) => sent), nulls] }))
    const result = await run('SELECT everything')
    expect(result.rows).toEqual([CASES.map(({ read }) => read), nulls])
    expect(result.columns).toEqual(
      CASES.map(({ column, family }) => ({ name: column.name, type: column.name, family })),
    )
    expect(result).not.toHaveProperty('truncated')
  })

  it('keep columns of the same name', async () => {
    const column = { name: 'id', type: 'int' } as const
    const { run } = await startMssql(() => ({ columns: [column, column], rows: [[1, 2]] }))
    expect(await run('SELECT a.id, b.id')).toMatchObject({ columns: [{ name: 'id' }, { name: 'id' }], rows: [[1, 2]] })
  })

  it('are bound and not written into the text', async () => {
    const { run, server } = await startMssql(() => ONE)
    const bytes = new Uint8Array([1, 2])
    const parameters = ["' OR 1=1 --", 5, 2 ** 40, 0.5, true, null, 2n ** 70n, -5n, bytes, ['a', 1n]]
    await run('SELECT @p1', { parameters })
    const seen = server.statements.find(({ sql }) => sql === 'SELECT @p1')
    expect(seen?.parameters.map(({ name, type, value }) => [name, type, value])).toEqual([
      ['p1', 'nvarchar', "' OR 1=1 --"],
      ['p2', 'int', 5],
      ['p3', 'bigint', String(2 ** 40)],
      ['p4', 'float', 0.5],
      ['p5', 'bit', true],
      ['p6', 'nvarchar', null],
      ['p7', 'nvarchar', String(2n ** 70n)],
      ['p8', 'bigint', '-5'],
      ['p9', 'varbinary', Buffer.from(bytes)],
      ['p10', 'nvarchar', '["a","1"]'],
    ])
    expect(seen?.kind).toBe('parameters')
  })
})

describe('a budget', () => {
  function* endless(): Generator<Value[]> {
    for (let n = 0; ; n++) yield [n, 'x'.repeat(100)]
  }
  const columns: Column[] = [
    { name: 'n', type: 'int' },
    { name: 'text', type: 'nvarchar', length: 200 },
  ]

  it('of rows stops the statement in the engine and says so', async () => {
    const { run, server } = await startMssql(
      ({ sql }) => (sql === 'endless' ? { columns, rows: endless() } : ONE),
      SINGLE,
    )
    const result = await run('endless', { budget: { ...BUDGET, maxRows: 5 } })
    expect(result).toMatchObject({ truncated: 'rows' })
    expect(result.rows.map(([n]) => n)).toEqual([0, 1, 2, 3, 4])
    expect(server.cancelled).toMatchObject([{ sql: 'endless' }])
    expect((await run('SELECT 2')).rows).toEqual([[1]])
    expect(server.sessions).toHaveLength(1)
  })

  it('of rows that is just enough cuts nothing', async () => {
    const { run, server } = await startMssql(() => ({ columns: [{ name: 'n', type: 'int' }], rows: [[1], [2]] }))
    expect(await run('two', { budget: { ...BUDGET, maxRows: 2 } })).not.toHaveProperty('truncated')
    expect(server.cancelled).toEqual([])
  })

  it('of bytes stops the statement in the engine and says so', async () => {
    const { run, server } = await startMssql(() => ({ columns, rows: endless() }))
    const result = await run('endless', { budget: { ...BUDGET, maxRows: 1e6, maxBytes: 2048 } })
    expect(result.truncated).toBe('bytes')
    expect(Buffer.byteLength(JSON.stringify(result.rows))).toBeLessThanOrEqual(2048 + 2)
    expect(server.cancelled).toHaveLength(1)
  })

  it('shows a part of a first row that is larger than it', async () => {
    const { run, server } = await startMssql(() => ({
      columns: [{ name: 'long', type: 'nvarchar', length: 'max' }],
      rows: [['"'.repeat(50_000)], ['b']],
    }))
    const result = await run('long', { budget: { ...BUDGET, maxBytes: 1200 } })
    expect(result).toMatchObject({ truncated: 'bytes', rows: [['"'.repeat(200)]] })
    expect(server.statements[0]?.sql).toContain('SET TEXTSIZE 1200;')
  })

  it('ends a connection that one cell would flood', async () => {
    const chunk = Buffer.alloc(1024 * 1024)
    const { run, server } = await startMssql(({ sql }) =>
      sql === 'flood'
        ? { columns: [{ name: 'b', type: 'varbinary', length: 'max' }], rows: [[Buffer.concat(Array(30).fill(chunk))]] }
        : ONE,
    )
    expect(await run('flood')).toMatchObject({ truncated: 'bytes', rows: [] })
    expect(server.cancelled).toEqual([])
    expect((await run('SELECT 2')).rows).toEqual([[1]])
    expect(server.sessions).toHaveLength(2)
  })

  it('of time cancels the statement and leaves the session usable', async () => {
    const { run, server } = await startMssql(({ sql }) => (sql === 'slow' ? { hangs: true } : ONE), SINGLE)
    await expect(run('slow', { budget: { ...BUDGET, timeoutMs: 300 } })).rejects.toMatchObject({
      name: 'SqlFailure',
      kind: 'resources',
      state: 'timeout',
    })
    expect(server.cancelled).toMatchObject([{ sql: 'slow' }])
    expect((await run('SELECT 2')).rows).toEqual([[1]])
    expect(server.sessions).toHaveLength(1)
  })

  it('does not cancel a statement that writes, which would undo it', async () => {
    const { run, server } = await startMssql(() => ({ columns, rows: Array.from({ length: 9 }, (_, n) => [n, 'x']) }))
    const result = await run('UPDATE … OUTPUT', { access: 'write', budget: { ...BUDGET, maxRows: 2 } })
    expect(result).toMatchObject({ truncated: 'rows', changed: 9 })
    expect(server.cancelled).toEqual([])
    expect(server.statements.map(({ sql }) => sql)).toContain('COMMIT TRANSACTION')
  })
})

describe('a cancel', () => {
  it('reaches the engine before the caller hears of it', async () => {
    const { run, server } = await startMssql(() => ({ hangs: true }))
    const cancel = new AbortController()
    const running = run('slow', { signal: cancel.signal })
    running.catch(() => {})
    await server.until(({ statements }) => statements.some(({ sql }) => sql === 'slow'))
    cancel.abort()
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(server.cancelled).toMatchObject([{ sql: 'slow' }])
  })

  it('that came before sends nothing', async () => {
    const { run, texts } = await startMssql(() => ONE)
    await expect(run('SELECT 1 AS x', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(texts()).toEqual([])
  })
})
