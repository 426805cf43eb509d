import fc from 'fast-check'
import { loadModule } from 'libpg-query'
import { beforeAll, describe, expect, it } from 'vitest'
import { type GuardQuery, loadGuard } from '../../src/connectors/postgres/guard/guard-query.ts'
import type { GuardRules } from '../../src/connectors/postgres/guard/guard-rules.ts'
import { ATTACKS } from './attacks/all.ts'
import { fixtureFunctions, tenantRules } from './fixture.ts'
import { readFunctionCatalog } from './function-catalog.ts'
import { LEGITIMATE } from './legitimate/all.ts'
import { mutated } from './mutate.ts'
import { lookAgain } from './second-look.ts'

let guardQuery: GuardQuery
let rules: GuardRules

beforeAll(async () => {
  await loadModule()
  guardQuery = await loadGuard()
  rules = tenantRules(fixtureFunctions(readFunctionCatalog()))
})

/** Those of a size that can be changed in many places a second. */
const short = ATTACKS.map(({ sql }) => sql).filter((sql) => sql.length < 500)

// FUZZ_SEED in the environment walks another way.
describe('whatever becomes of a statement', () => {
  it.each([
    ['a legitimate one', LEGITIMATE],
    ['an attack', short],
    ['one of both', [...LEGITIMATE, ...short]],
  ])('%s that is changed and allowed has nothing forbidden in it', (_, statements) => {
    let allowed = 0
    fc.assert(
      fc.property(mutated(statements), (sql) => {
        const verdict = guardQuery(sql, rules)
        if (verdict.kind === 'refused') return
        allowed++
        expect(lookAgain(verdict.sql), verdict.sql).toEqual([])
      }),
      { numRuns: 6_000, interruptAfterTimeLimit: 4_000, seed: Number(process.env.FUZZ_SEED ?? 20260728) },
    )
    expect(allowed).toBeGreaterThan(20)
  })

  it('the second look sees what the guard would have to', () => {
    for (const sql of [
      'SELECT * FROM secret',
      'SELECT pg_sleep(1)',
      'SELECT (a).pg_sleep FROM b',
      'SELECT * FROM public.customers',
      "SELECT 'a'::regclass",
      'DELETE FROM effects',
      'SELECT 1 INTO a',
      'EXPLAIN ANALYZE SELECT 1',
      'SELECT current_user',
      'SELECT 1; SELECT 2',
      'SELECT lower(1)',
      'SELECT a OPERATOR(b.+) c',
      'SELECT "id" FROM "public"."customers" WHERE (tenant_id = 2) OFFSET 0',
    ]) {
      expect(lookAgain(sql), sql).not.toEqual([])
    }
  })
})
