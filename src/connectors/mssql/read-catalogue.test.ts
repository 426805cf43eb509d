import { expect, it } from 'vitest'
import type { ExecuteOptions, SqlResult, SqlValue, Statement } from '../sql/database.ts'
import { readPrivileges } from './read-privileges.ts'
import { readSchema } from './read-schema.ts'

const signal = new AbortController().signal

/** Answers by what a statement reads from; no engine that could run them can be had here. */
function answering(answers: readonly [about: RegExp, rows: Record<string, SqlValue>[]][]) {
  const asked: Statement[] = []
  const execute = async (statement: Statement, _options: ExecuteOptions): Promise<SqlResult> => {
    asked.push(statement)
    const [, rows = []] = answers.find(([about]) => about.test(statement.text)) ?? []
    const names = Object.keys(rows[0] ?? {})
    const columns = names.map((name) => ({ name, type: 'nvarchar', family: 'text' as const }))
    return { columns, rows: rows.map((row) => names.map((name) => row[name] ?? null)) }
  }
  return { execute, asked }
}

it('(with answers made up) puts tables, columns, keys and references together from what the catalogue answers', async () => {
  const column = { id: 1, is_nullable: false, max_length: 4, precision: 10, scale: 0, comment: null }
  const { execute, asked } = answering([
    [
      /FROM sys.objects o JOIN sys.columns/,
      [
        { ...column, name: 'id', base_type: 'bigint' },
        { ...column, name: 'amount', base_type: 'decimal', precision: 12, scale: 2, comment: 'In euros' },
        { ...column, name: 'name', base_type: 'nvarchar', max_length: 80, is_nullable: true },
        { ...column, name: 'note', base_type: 'varchar', max_length: -1 },
        { ...column, name: 'at', base_type: 'datetimeoffset', scale: 7 },
      ],
    ],
    [
      /sys.indexes/,
      [
        { id: 1, index_id: 1, is_primary_key: true, name: 'id', is_nullable: false },
        { id: 1, index_id: 2, is_primary_key: false, name: 'at', is_nullable: false },
      ],
    ],
    [
      /sys.foreign_keys/,
      [
        { id: 1, foreign_key: 9, name: 'a', to_schema: 'dbo', to_table: 'other', to_column: 'x' },
        { id: 1, foreign_key: 9, name: 'b', to_schema: 'dbo', to_table: 'other', to_column: 'y' },
      ],
    ],
    [
      /sys.partitions/,
      [
        { id: 1, schema: 'sales', name: 'orders', kind: 'U ', comment: 'Orders', estimated_rows: '1200' },
        { id: 2, schema: 'sales', name: 'recent', kind: 'V ', comment: null, estimated_rows: null },
      ],
    ],
  ])
  const { tables } = await readSchema(execute, ['sales'], signal)
  expect(asked.every(({ parameters }) => parameters[0] === '["sales"]')).toBe(true)
  expect(tables[0]).toEqual({
    schema: 'sales',
    name: 'orders',
    kind: 'table',
    comment: 'Orders',
    estimatedRows: 1200,
    key: ['id'],
    columns: [
      { name: 'id', type: 'bigint', family: 'bigint', isNullable: false },
      { name: 'amount', type: 'decimal(12,2)', family: 'decimal', isNullable: false, comment: 'In euros' },
      { name: 'name', type: 'nvarchar(40)', family: 'text', isNullable: true },
      { name: 'note', type: 'varchar(max)', family: 'text', isNullable: false },
      { name: 'at', type: 'datetimeoffset(7)', family: 'timestamp', isNullable: false },
    ],
    foreignKeys: [{ columns: ['a', 'b'], references: { schema: 'dbo', table: 'other', columns: ['x', 'y'] } }],
  })
  expect(tables[1]).toEqual({ schema: 'sales', name: 'recent', kind: 'view', key: [], columns: [], foreignKeys: [] })
})

it('(with answers made up) takes the shortest unique key that is never null where there is no primary one', async () => {
  const part = { id: 1, is_primary_key: false, is_nullable: false }
  const { execute } = answering([
    [
      /sys.indexes/,
      [
        { ...part, index_id: 1, name: 'nullable', is_nullable: true },
        { ...part, index_id: 2, name: 'a' },
        { ...part, index_id: 2, name: 'b' },
        { ...part, index_id: 3, name: 'code' },
      ],
    ],
    [/sys.partitions/, [{ id: 1, schema: 'dbo', name: 't', kind: 'U', comment: '', estimated_rows: '0' }]],
  ])
  const { tables } = await readSchema(execute, undefined, signal)
  expect(tables).toMatchObject([{ key: ['code'], estimatedRows: 0 }])
})

it('(with answers made up) reports what a login can do that it should not, and how to make one that cannot', async () => {
  const { execute, asked } = answering([
    [
      /SUSER_SNAME/,
      [{ login: 'sa', server: 'SQL Server 16.0, Developer', superuser: 1, owner: 1, ddl: 0, impersonate: 0 }],
    ],
    [/'OBJECT', 'INSERT'/, [{ name: '[dbo].[orders]' }]],
  ])
  const exposed = [
    { schema: 'dbo', name: 'orders' },
    { schema: 'dbo', name: 'odd]name' },
  ]
  const report = await readPrivileges(execute, { exposed, database: 'shop' }, signal)
  expect(report).toMatchObject({ login: 'sa', server: 'SQL Server 16.0, Developer' })
  expect(report.findings.map(({ severity, code }) => [severity, code])).toEqual([
    ['refuse', 'superuser'],
    ['refuse', 'owner'],
    ['warn', 'can-write'],
  ])
  expect(report.findings.at(-1)?.tables).toEqual(['[dbo].[orders]'])
  expect(report.remedy).toContain('GRANT SELECT ON [dbo].[odd]]name] TO [toolgate_reader];')
  expect(asked[1]?.parameters).toEqual(['["[dbo].[orders]","[dbo].[odd]]name]"]'])
})
