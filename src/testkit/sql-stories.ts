import assert from 'node:assert/strict'
import type { Caller } from '../capabilities/call-context.ts'
import type { Offered } from '../connectors/connector.ts'
import { completeTemplate, type RowsOf, readTemplate, reasonOf, refusalOf } from './sql-calls.ts'
import type { SqlConnectorUnderTest } from './sql-connector-suite.ts'

/** A connector over the fixture, and ways to call it. */
export interface Shop {
  readonly offered: readonly Offered[]
  readonly find: (caller: Caller, input: object) => Promise<RowsOf>
  readonly call: (tool: string, caller: Caller, input: object) => Promise<unknown>
  readonly under: SqlConnectorUnderTest
  readonly table: (name: string) => string
  readonly onChange: (listener: (offered: readonly Offered[]) => void) => void
}

const caller = (more: Partial<Caller>): Caller => ({ id: 'key:1', name: 'suite', roles: [], ...more })
const ACME = caller({ tenant: 'acme' })
const GLOBEX = caller({ tenant: 'globex' })
const NOBODY = caller({})
const AUDITOR = caller({ roles: ['auditor'] })
const FINANCE = caller({ tenant: 'acme', roles: ['finance'] })

const ids = ({ rows, columns }: RowsOf): readonly unknown[] => {
  const at = columns.findIndex(({ name }) => name === 'id')
  return rows.map((row) => Number(row[at]))
}

/** What the connector promises, each with how that is seen. */
export const SQL_STORIES: Readonly<Record<string, (shop: Shop) => Promise<void>>> = {
  'shows a caller the rows of its tenant alone': async ({ find, call, table }) => {
    assert.deepEqual(ids(await find(ACME, { table: table('customers') })), [1, 2, 3])
    assert.deepEqual(ids(await find(GLOBEX, { table: table('customers') })), [4, 5])
    assert.deepEqual(await call('shop_count', ACME, { table: table('customers') }), { count: '3' })
    assert.deepEqual(await call('shop_count', GLOBEX, { table: table('customers') }), { count: '2' })
  },

  'shows all rows to a role that may see them': async ({ find, table }) => {
    assert.deepEqual(ids(await find(AUDITOR, { table: table('customers') })), [1, 2, 3, 4, 5])
  },

  'refuses a caller that is known without what its rows are told apart by': async ({ find, table }) => {
    assert.match(await refusalOf(find(NOBODY, { table: table('customers') })), /you are known without tenant/)
  },

  'lets no argument widen what rows are seen': async ({ find, call, table }) => {
    const customers = table('customers')
    const attempts = [
      { filters: [{ column: 'id', op: '=', value: 4 }] },
      {
        filters: [
          {
            anyOf: [
              { column: 'id', op: '>', value: 0 },
              { column: 'name', op: 'is null' },
            ],
          },
        ],
      },
      { filters: [{ column: 'name', op: '=', value: "x' OR '1'='1" }] },
      { filters: [{ column: 'name', op: 'contains', value: "%' OR 1=1 -- " }] },
      { filters: [{ column: 'name', op: 'in', value: ["') OR (1=1", '\\', '"', '`'] }] },
      { filters: [{ column: 'id', op: 'not in', value: [] }] },
      { order: [{ column: 'name', direction: 'desc' }], limit: 100 },
    ]
    for (const attempt of attempts) {
      const found = await find(ACME, { table: customers, ...attempt })
      assert.deepEqual(
        ids(found).filter((id) => Number(id) > 3),
        [],
        JSON.stringify(attempt),
      )
    }
    const hostile = [
      { columns: ['id", tenant_id FROM customers --'] },
      { columns: ['*'] },
      { order: [{ column: 'id; DROP TABLE customers' }] },
      { filters: [{ column: '1=1 OR id', op: '=', value: 1 }] },
    ]
    for (const attempt of hostile) {
      assert.match(await refusalOf(find(ACME, { table: customers, ...attempt })), /has no column/)
    }
    assert.match(await refusalOf(find(ACME, { table: 'customers; DROP TABLE customers' })), /There is no table/)
    assert.deepEqual(await call('shop_count', AUDITOR, { table: customers }), { count: '5' })
  },

  'answers a hidden column like one that does not exist': async ({ find, table }) => {
    const customers = table('customers')
    const { columns } = await find(AUDITOR, { table: customers })
    assert.ok(!columns.some(({ name }) => name === 'ssn'))
    for (const ask of [
      (column: string) => ({ columns: [column] }),
      (column: string) => ({ filters: [{ column, op: '=', value: '1' }] }),
      (column: string) => ({ order: [{ column }] }),
    ]) {
      const hidden = await refusalOf(find(AUDITOR, { table: customers, ...ask('ssn') }))
      const missing = await refusalOf(find(AUDITOR, { table: customers, ...ask('zzz') }))
      assert.equal(hidden.replaceAll('ssn', 'zzz'), missing)
    }
  },

  'masks values, and lets a role see them that may': async ({ find, table }) => {
    const ask = { table: table('customers'), columns: ['id', 'email', 'phone', 'note'] }
    const masked = await find(ACME, ask)
    assert.deepEqual(masked.rows[0]?.slice(1), ['ad***om', masked.rows[0]?.[2], null])
    assert.match(String(masked.rows[0]?.[2]), /^[0-9a-f]{16}$/)
    assert.equal(masked.rows[0]?.[2], masked.rows[1]?.[2], 'equal values have unequal hashes')
    assert.notEqual(masked.rows[0]?.[2], masked.rows[2]?.[2])
    const plain = await find(FINANCE, ask)
    assert.equal(plain.rows[0]?.[1], 'ada@example.com')
  },

  'neither filters nor orders by what is masked': async ({ find, table }) => {
    const customers = table('customers')
    assert.match(await refusalOf(find(ACME, { table: customers, order: [{ column: 'email' }] })), /masked/)
    const filters = [{ column: 'email', op: 'contains', value: 'a' }]
    assert.match(await refusalOf(find(ACME, { table: customers, filters })), /masked/)
    assert.deepEqual(ids(await find(FINANCE, { table: customers, filters: [{ ...filters[0], value: 'ada' }] })), [1])
  },

  'compares as people expect': async ({ find, table }) => {
    const expected: readonly (readonly [object, readonly number[]])[] = [
      [{ column: 'id', op: '=', value: 2 }, [2]],
      [{ column: 'id', op: '!=', value: 2 }, [1, 3, 4, 5]],
      [{ column: 'id', op: '<', value: 2 }, [1]],
      [{ column: 'id', op: '<=', value: '2' }, [1, 2]],
      [{ column: 'id', op: '>', value: 4 }, [5]],
      [{ column: 'id', op: '>=', value: 4 }, [4, 5]],
      [{ column: 'id', op: 'in', value: [1, 5] }, [1, 5]],
      [{ column: 'id', op: 'not in', value: [1, 5] }, [2, 3, 4]],
      [{ column: 'id', op: 'in', value: [] }, []],
      [{ column: 'name', op: 'contains', value: 'a_b%' }, [4]],
      [{ column: 'balance', op: 'is null' }, [5]],
      [{ column: 'balance', op: 'is not null' }, [1, 2, 3, 4]],
      [
        {
          anyOf: [
            { column: 'id', op: '=', value: 1 },
            { column: 'id', op: '=', value: 5 },
          ],
        },
        [1, 5],
      ],
    ]
    for (const [filter, found] of expected) {
      const answer = await find(AUDITOR, { table: table('customers'), filters: [filter] })
      assert.deepEqual(ids(answer), found, JSON.stringify(filter))
    }
    const wrong = { column: 'id', op: '=', value: 'many' }
    assert.match(await refusalOf(find(AUDITOR, { table: table('customers'), filters: [wrong] })), /whole number/)
  },

  'gives every row once, page by page': async ({ find, table }) => {
    const seen: unknown[] = []
    let cursor: string | undefined
    do {
      const page: RowsOf = await find(AUDITOR, {
        table: table('customers'),
        order: [{ column: 'tenant_id', direction: 'desc' }],
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      })
      seen.push(...ids(page))
      assert.equal(page.truncated, page.nextCursor !== undefined)
      cursor = page.nextCursor
    } while (cursor !== undefined)
    assert.deepEqual(seen, [4, 5, 1, 2, 3])
    const first = await find(AUDITOR, { table: table('customers'), limit: 2 })
    const other = { table: table('orders'), cursor: first.nextCursor }
    assert.match(await refusalOf(find(AUDITOR, other)), /another question/)
    assert.match(await refusalOf(find(AUDITOR, { table: table('customers'), cursor: 'x' })), /another question/)
  },

  'begins a page behind the last row, whatever was written meanwhile': async ({ find, table, under }) => {
    const asked = { table: table('customers'), order: [{ column: 'id', direction: 'desc' }], limit: 2 }
    const first = await find(ACME, asked)
    assert.deepEqual(ids(first), [3, 2])
    await under.execute("INSERT INTO customers (id, tenant_id) VALUES (6, 'acme'), (7, 'globex')")
    await under.execute('DELETE FROM customers WHERE id = 3')
    assert.deepEqual(ids(await find(ACME, { ...asked, cursor: first.nextCursor })), [1])
    // Whoever brings it sees rows of its own alone.
    assert.deepEqual(ids(await find(GLOBEX, { ...asked, cursor: first.nextCursor })), [])
    const up = { table: table('customers'), limit: 1 }
    const one = await find(GLOBEX, up)
    await under.execute("INSERT INTO customers (id, tenant_id) VALUES (0, 'globex')")
    assert.deepEqual(ids(await find(GLOBEX, { ...up, cursor: one.nextCursor })), [5])
  },

  'keeps values exact': async ({ find, table }) => {
    const columns = ['points', 'name', 'balance']
    const { rows } = await find(AUDITOR, { table: table('customers'), columns })
    assert.equal(String(rows[0]?.[0]), '9007199254740993')
    assert.equal(rows[1]?.[1], "Zoë O'Neil 🙂")
    assert.deepEqual([Number(rows[0]?.[2]), rows[4]?.[2]], [1234567.25, null])
  },

  'runs named queries with what is known of the caller': async ({ call }) => {
    const input = { status: 'open' }
    const open = async (who: Caller): Promise<unknown> => (await call('shop_orders_by_status', who, input)) as object
    assert.deepEqual(await open(ACME), { rows: [{ id: 10, status: 'open' }], truncated: false })
    assert.deepEqual(await open(GLOBEX), { rows: [{ id: 13, status: 'open' }], truncated: false })
    assert.match(await refusalOf(open(NOBODY)), /known without tenant/)
    const injected = await call('shop_orders_by_status', ACME, { status: "open' OR 'a'='a" })
    assert.deepEqual(injected, { rows: [], truncated: false })
  },

  'commits what a query changes that may, and nothing of one that may not': async ({ call, find, table }) => {
    const changed = (await call('shop_close_order', ACME, { id: 10 })) as RowsOf & { changed: number }
    assert.equal(changed.changed, 1)
    const status = async (): Promise<unknown> =>
      (await find(AUDITOR, { table: table('orders'), columns: ['status'], limit: 1 })).rows[0]?.[0]
    assert.equal(await status(), 'closed')
    await refusalOf(call('shop_not_marked_as_writing', ACME, {}))
    assert.equal(await status(), 'closed')
  },

  'hides a table from callers without its role': async ({ find, call, table }) => {
    assert.deepEqual(ids(await find(FINANCE, { table: table('salaries') })), [1])
    const hidden = await refusalOf(find(ACME, { table: table('salaries') }))
    const missing = await refusalOf(find(ACME, { table: table('salarios') }))
    assert.equal(hidden.replaceAll('salaries', 'salarios'), missing)
    const { tables } = (await call('shop_search_schema', ACME, { search: 'salaries' })) as { tables: readonly object[] }
    assert.deepEqual(tables, [])
  },

  'describes what a caller sees, in as much detail as is asked for': async ({ call, table }) => {
    const search = async (detail: string): Promise<Record<string, unknown> | undefined> => {
      const found = (await call('shop_search_schema', ACME, { search: 'customer mail', detail })) as {
        tables: readonly Record<string, unknown>[]
      }
      return found.tables[0]
    }
    assert.equal((await search('names'))?.table, table('customers'))
    assert.ok((await search('names'))?.columns === undefined)
    const full = (await search('full')) as { key: unknown; columns: readonly { name: string; masked?: string }[] }
    assert.deepEqual(full.key, ['id'])
    assert.equal(full.columns.find(({ name }) => name === 'email')?.masked, 'partial')
    assert.ok(!JSON.stringify(full).includes('ssn'))
  },

  'stops at the budget of rows and says so': async ({ call }) => {
    const { rows, truncated } = (await call('shop_many', ACME, {})) as RowsOf
    assert.equal(rows.length, 20)
    assert.equal(truncated, true)
  },

  'reads a row by its key, a sample and pages, for callers that may see them': async ({ offered, under }) => {
    const read = (kind: string, who: Caller, variables: object): Promise<Record<string, unknown>> =>
      readTemplate(offered, `shop_${kind}`, { who, variables: { schema: under.schema || 'main', ...variables } })
    assert.equal((await read('row', ACME, { table: 'customers', key: '1' })).tenant_id, 'acme')
    assert.equal(await reasonOf(read('row', ACME, { table: 'customers', key: '4' })), 'CAPABILITY_NOT_FOUND')
    assert.equal(await reasonOf(read('row', ACME, { table: 'salaries', key: '1' })), 'CAPABILITY_NOT_FOUND')
    assert.deepEqual(ids((await read('sample', GLOBEX, { table: 'customers' })) as unknown as RowsOf), [4, 5])
    const page = await read('pages', ACME, { table: 'customers', page: 'first' })
    assert.deepEqual(ids(page as unknown as RowsOf), [1, 2, 3])
    assert.equal(page.next, undefined)
  },

  'completes names and keys of what a caller may see': async ({ offered, under }) => {
    const complete = (who: Caller, argument: string, given: object): Promise<readonly string[]> =>
      completeTemplate(offered, 'shop_row', { who, argument, given: { schema: under.schema || 'main', ...given } })
    assert.deepEqual(await complete(ACME, 'table', {}), ['customers', 'orders'])
    assert.deepEqual(await complete(FINANCE, 'table', {}), ['customers', 'orders', 'salaries'])
    assert.deepEqual(await complete(GLOBEX, 'key', { table: 'customers' }), ['4', '5'])
    assert.deepEqual(await complete(ACME, 'key', { table: 'salaries' }), [])
  },

  'withdraws a table that is dropped, and says so': async ({ offered, onChange, under }) => {
    const changed = new Promise<readonly Offered[]>((resolve) => onChange(resolve))
    await under.execute('DROP TABLE salaries')
    const uris = (list: readonly Offered[]): readonly string[] =>
      list.flatMap(({ definition }) => (definition.kind === 'resource' ? [definition.uri] : []))
    assert.ok(uris(offered).some((uri) => uri.endsWith('/salaries')))
    assert.ok(!uris(await changed).some((uri) => uri.endsWith('/salaries')))
  },
}
