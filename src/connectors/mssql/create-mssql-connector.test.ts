import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTdsServer, type TdsServer } from '../../../test/fixtures/tds/start-tds-server.ts'
import type { Answer, Statement } from '../../../test/fixtures/tds/statement.ts'
import type { Column } from '../../../test/fixtures/tds/tokens.ts'
import type { Value } from '../../../test/fixtures/tds/values.ts'
import { type App, createApp, loadConfig } from '../../index.ts'
import { makeTemporaryProject, type TemporaryProject } from '../../testkit/temporary-project.ts'

const CONFIG = `
connectors:
  shop:
    type: mssql
    url: \${SHOP_URL}
    tls: { mode: off }
    identity: { settings: { tenant: tenant } }
    tables:
      dbo.orders:
        columns: { card: hide, email: partial }
        rows: [{ where: { tenant_id: { caller: tenant } } }]
    queries:
      orders_of_status:
        description: Orders of a status.
        sql: SELECT id FROM dbo.orders WHERE tenant_id = :caller.tenant AND status = :status
        input: { status: { type: string } }
    maskKey: a-key-of-the-masks
access:
  roles: { reader: { allow: [{ connector: shop }] } }
  local: { roles: [reader], tenant: acme }
`

const TEXT = { type: 'nvarchar', length: 400 } as const

/** What a real server answers from its catalogue, made up. */
function answer({ sql }: Statement): Answer {
  if (sql.includes('sys.partitions')) {
    const row = { id: 1, schema: 'dbo', name: 'orders', kind: 'U ', comment: null, estimated_rows: 2 }
    return rowsOf([row], { id: 'int', estimated_rows: 'int' })
  }
  if (sql.includes('JOIN sys.columns c ON c.object_id = o.object_id JOIN sys.types')) {
    const columns = ['id', 'tenant_id', 'status', 'email', 'card'].map((name) => {
      const type = name === 'id' ? 'int' : 'nvarchar'
      return { id: 1, name, is_nullable: name !== 'id', max_length: 80, precision: 0, scale: 0, base_type: type, type }
    })
    return rowsOf(columns, { id: 'int', is_nullable: 'bit', max_length: 'int', precision: 'int', scale: 'int' })
  }
  if (sql.includes('sys.indexes')) {
    const key = { id: 1, index_id: 1, is_primary_key: true, name: 'id', is_nullable: false }
    return rowsOf([key], { id: 'int', index_id: 'int', is_primary_key: 'bit', is_nullable: 'bit' })
  }
  if (sql.includes('SUSER_SNAME')) return rowsOf([{ login: 'reader', server: 'stand-in' }], {})
  if (sql.includes('count(*)')) return rowsOf([{ count: 2 }], { count: 'int' })
  if (sql.includes('FROM [dbo].[orders]')) return rowsOf([{ id: 7, status: 'open' }], { id: 'int' })
  return { affected: 0 }
}

function rowsOf(rows: readonly Record<string, Value>[], types: Record<string, 'int' | 'bit'>): Answer {
  const names = Object.keys(rows[0] ?? {})
  const columns = names.map((name): Column => (types[name] ? { name, type: types[name] } : { name, ...TEXT }))
  return { columns, rows: rows.map((row) => names.map((name) => row[name] ?? null)) }
}

let project: TemporaryProject
let server: TdsServer
let app: App

beforeAll(async () => {
  server = await startTdsServer({ users: { 'the reader': 'p@ss/word' }, answer })
  project = await makeTemporaryProject({ files: { 'toolgate.yaml': CONFIG } })
  const url = `mssql://the%20reader:p%40ss%2Fword@127.0.0.1:${server.port}/shop`
  app = await createApp(await loadConfig('toolgate.yaml', { cwd: project.path, env: { SHOP_URL: url } }), {
    writeLog: () => {},
  })
})

afterAll(async () => {
  await app?.close()
  await project?.remove()
  await server?.close()
})

/** Calls a tool, and answers what of it arrived at the server: the texts, with what was bound to them. */
async function arrives(tool: string, input: object): Promise<readonly unknown[]> {
  const before = server.statements.length
  const result = await app.connectInMemory().request('tools/call', { name: tool, arguments: input })
  expect(result.isError).not.toBe(true)
  const ours = server.statements.slice(before).filter(({ sql }) => /sp_set_session_context|\[?dbo/.test(sql))
  return ours.map(({ sql, parameters }) => [sql, ...parameters.map(({ type, value }) => `${type} ${value}`)])
}

const TOLD = [
  'EXEC sys.sp_set_session_context @key = @p1, @value = @p2, @read_only = 1;',
  'nvarchar tenant',
  'nvarchar acme',
]

describe('a connector over SQL Server, with a stand-in for the server', () => {
  it('asks for the rows of the tenant alone, whatever is asked, with everything bound', async () => {
    const hostile = "open' OR '1'='1"
    expect(
      await arrives('shop_find', {
        table: 'dbo.orders',
        filters: [
          {
            anyOf: [
              { column: 'status', op: '=', value: hostile },
              { column: 'id', op: '>', value: 5 },
            ],
          },
        ],
        order: [{ column: 'status', direction: 'desc' }],
        limit: 10,
      }),
    ).toEqual([
      TOLD,
      [
        "SELECT [id], [tenant_id], [status], CASE WHEN CONVERT(nvarchar(max), [email]) IS NULL THEN NULL WHEN LEN(CONVERT(nvarchar(max), [email])) <= 6 THEN N'***' ELSE LEFT(CONVERT(nvarchar(max), [email]), 2) + N'***' + RIGHT(CONVERT(nvarchar(max), [email]), 2) END AS [email] FROM [dbo].[orders] WHERE (([tenant_id] = @p1)) AND ([status] = @p2 OR [id] > @p3) ORDER BY CASE WHEN [status] IS NULL THEN 0 ELSE 1 END, [status] DESC, CASE WHEN [id] IS NULL THEN 1 ELSE 0 END, [id] ASC OFFSET 0 ROWS FETCH NEXT 11 ROWS ONLY",
        'nvarchar acme',
        `nvarchar ${hostile}`,
        'nvarchar 5',
      ],
    ])
  })

  it('counts them alone', async () => {
    expect(await arrives('shop_count', { table: 'dbo.orders' })).toEqual([
      TOLD,
      ['SELECT count(*) AS [count] FROM [dbo].[orders] WHERE (([tenant_id] = @p1))', 'nvarchar acme'],
    ])
  })

  it('binds what is known of the caller to a named query', async () => {
    expect(await arrives('shop_orders_of_status', { status: 'open' })).toEqual([
      TOLD,
      ['SELECT id FROM dbo.orders WHERE tenant_id = @p1 AND status = @p2', 'nvarchar acme', 'nvarchar open'],
    ])
  })

  it('sends nothing for a hidden column, and no tool for free SQL', async () => {
    const before = server.statements.length
    const peer = app.connectInMemory()
    const asked = { table: 'dbo.orders', columns: ['card'] }
    const { content } = await peer.request('tools/call', { name: 'shop_find', arguments: asked })
    expect(content).toMatchObject([{ text: expect.stringContaining('has no column "card"') }])
    expect(server.statements.slice(before)).toEqual([])
    const { tools } = (await peer.request('tools/list')) as { tools: { name: string }[] }
    expect(tools.map(({ name }) => name).sort()).toEqual([
      'shop_count',
      'shop_find',
      'shop_orders_of_status',
      'shop_search_schema',
    ])
  })
})

describe('the options of a SQL Server', () => {
  const load = async (options: string): Promise<unknown> => {
    const files = { 'other.yaml': `connectors: { shop: { type: mssql, ${options} } }` }
    await project.write(files)
    return (await loadConfig('other.yaml', { cwd: project.path, env: {} })).connectors[0]
  }

  it('demand TLS with a certificate that is verified, unless they say otherwise', async () => {
    expect(await load('url: "mssql://reader:secret@db.example/shop"')).toMatchObject({
      tls: { mode: 'verify' },
      pool: { max: 10, reserved: 2 },
      identity: { settings: {} },
      freeSql: { enabled: false },
    })
  })

  it.each([
    'url: "postgres://reader:secret@db.example/shop"',
    'url: "mssql://reader:secret@db.example/shop", tls: { mode: unverified }',
    'url: "mssql://reader:secret@db.example/shop", pool: { max: 2, reserved: 2 }',
    'url: "mssql://reader:secret@db.example/shop", identity: { settings: { tenant: "claims" } }',
    'url: "mssql://reader:secret@db.example/shop", replicaUrl: "mssql://reader:secret@db2.example/shop"',
  ])('refuse %s', async (options) => {
    await expect(load(options)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })
})
