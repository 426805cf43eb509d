import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FUNCTION_CATALOG_SQL, type FunctionCatalog } from '../../src/connectors/postgres/guard/function-catalog.ts'
import { type GuardQuery, loadGuard } from '../../src/connectors/postgres/guard/guard-query.ts'
import { GUARDED_SESSION, type GuardRules } from '../../src/connectors/postgres/guard/guard-rules.ts'
import { ATTACKS } from './attacks/all.ts'
import { FORBIDDEN_TEXT, fixtureFunctions, openRules, tenantRules } from './fixture.ts'
import { readFunctionCatalog } from './function-catalog.ts'
import { LEGITIMATE, SINCE, VARYING } from './legitimate/all.ts'
import { createScratchDatabase, HOW_TO_START } from './scratch-database.ts'

const database = await createScratchDatabase()
let guardQuery: GuardQuery
let plain: pg.Client
let guarded: pg.Client
let catalog: FunctionCatalog

beforeAll(async () => {
  if (database === undefined) return
  guardQuery = await loadGuard()
  plain = await connect(database.url, { search_path: 'pg_catalog, public, sales' })
  guarded = await connect(database.url, { ...GUARDED_SESSION, statement_timeout: '2s', work_mem: '4MB' })
  catalog = (await plain.query(FUNCTION_CATALOG_SQL)).rows
})

afterAll(async () => {
  await plain?.end()
  await guarded?.end()
  await database?.drop()
})

const known = LEGITIMATE.filter(
  (sql) => !SINCE.some(([pattern, major]) => pattern.test(sql) && (database?.major ?? 0) < major),
)
const onServer = describe.skipIf(database === undefined)

onServer(`a rewritten statement, on a real server (${HOW_TO_START})`, () => {
  it.each(known.map((sql) => [sql]))('answers the same as it did: %s', async (sql) => {
    const functions = fixtureFunctions(catalog)
    const expected = await answerOf(plain, sql)
    expect(await answerOf(guarded, allowed(sql, openRules(functions, 'as they are')))).toEqual(expected)
    if (/TABLESAMPLE/.test(sql)) return
    expect(await answerOf(guarded, allowed(sql, openRules(functions, 'through subselects')))).toEqual(expected)
  })

  it('answers somebody of one tenant with nothing that is hidden', async () => {
    const rules = tenantRules(fixtureFunctions(catalog))
    for (const sql of known) expectNothingHidden(await textOf(allowed(sql, rules)), sql)
  })

  it('gives the same functions as the stored catalogue, as far as the server has them', () => {
    const stored = fixtureFunctions(readFunctionCatalog()).builtIn
    const here = fixtureFunctions(catalog).builtIn
    const names = new Set(catalog.map(({ name }) => name))
    const gone = [...stored].filter((name) => names.has(name) && !here.has(name))
    expect(gone).toEqual([])
  })
})

onServer('an attack that the guard lets pass', () => {
  const held = ATTACKS.filter(({ heldBy }) => heldBy !== undefined)

  it.each(held)('$id does nothing and tells nothing', async ({ sql }) => {
    const rules = tenantRules(fixtureFunctions(catalog))
    const before = await countEffects()
    expectNothingHidden(await textOf(allowed(sql, rules)), sql)
    expect(await countEffects()).toBe(before)
  })

  it('would be seen, if it did something', async () => {
    const before = await countEffects()
    await readRows(plain, "SELECT log_effect('x')", 1)
    expect(await countEffects()).toBe(before + 1)
  })
})

/** A sequence counts what is rolled back too. */
async function countEffects(): Promise<number> {
  const { rows } = await plain.query<{ n: number }>(
    'SELECT CASE WHEN is_called THEN last_value ELSE 0 END::int AS n FROM effects_id_seq',
  )
  return rows[0]?.n ?? -1
}

function allowed(sql: string, rules: GuardRules): string {
  const verdict = guardQuery(sql, rules)
  if (verdict.kind === 'refused') throw new Error(`${verdict.reason}\n${sql}`)
  return verdict.sql
}

function expectNothingHidden(text: string, sql: string): void {
  for (const pattern of FORBIDDEN_TEXT) expect(text, sql).not.toMatch(pattern)
  // Rows of other tenants: ids of customers of tenant 1 are those divisible by three.
  for (const [, id] of text.matchAll(/Customer (\d+)/g)) expect(Number(id) % 3, sql).toBe(0)
}

/** Rows as text, or the failure as the caller may get to see it: its SQLSTATE. */
async function textOf(sql: string): Promise<string> {
  try {
    return JSON.stringify(await readRows(guarded, sql, 2_000))
  } catch (error) {
    // The text is looked at for rows of others: a fenced condition never meets them. The server quotes the own row.
    return `${(error as { code?: string }).code} ${(error as Error).message}`
  }
}

async function answerOf(client: pg.Client, sql: string): Promise<unknown> {
  const { fields, rows } = await client.query({ text: sql, rowMode: 'array' })
  const names = fields.map(({ name }) => name)
  return VARYING.test(sql) ? { names } : { names, rows }
}

/** Reads through a cursor, so that no answer fills the memory; not READ ONLY, so that nothing but the guard holds. */
async function readRows(client: pg.Client, sql: string, count: number): Promise<unknown> {
  await client.query('BEGIN')
  try {
    await client.query('SET LOCAL statement_timeout = 500')
    if (/^(?:EXPLAIN|SHOW)/i.test(sql)) return (await client.query(sql)).rows
    await client.query(`DECLARE answer NO SCROLL CURSOR FOR ${sql}`)
    return (await client.query(`FETCH ${count} FROM answer`)).rows
  } finally {
    await client.query('ROLLBACK')
  }
}

async function connect(url: string, settings: Readonly<Record<string, string>>): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const [name, value] of Object.entries({ timezone: 'UTC', ...settings })) {
    await client.query(`SELECT set_config($1, $2, false)`, [name, value])
  }
  return client
}
