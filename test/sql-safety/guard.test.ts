import { beforeAll, describe, expect, it } from 'vitest'
import { type GuardQuery, loadGuard } from '../../src/connectors/postgres/guard/guard-query.ts'
import type { GuardRules } from '../../src/connectors/postgres/guard/guard-rules.ts'
import { ATTACKS } from './attacks/all.ts'
import { fixtureFunctions, openRules, tenantRules } from './fixture.ts'
import { readFunctionCatalog } from './function-catalog.ts'
import { LEGITIMATE } from './legitimate/all.ts'

let guardQuery: GuardQuery
let tenant: GuardRules
let open: GuardRules

beforeAll(async () => {
  guardQuery = await loadGuard()
  const functions = fixtureFunctions(readFunctionCatalog())
  tenant = tenantRules(functions)
  open = openRules(functions, 'as they are')
})

describe('attacks on free SQL', () => {
  it('are many, of every class, each with an id of its own', () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(250)
    expect(new Set(ATTACKS.map(({ id }) => id)).size).toBe(ATTACKS.length)
    expect(new Set(ATTACKS.map((attack) => attack.class)).size).toBe(12)
  })

  it.each(ATTACKS.filter(({ heldBy }) => heldBy === undefined))('$id is refused by the guard', ({ sql }) => {
    expect(guardQuery(sql, tenant)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^[A-Z].{15,}[.?…]$/s),
    })
  })

  it.each(ATTACKS.filter(({ heldBy }) => heldBy !== undefined))('$id is allowed, and held: $heldBy', ({ sql }) => {
    const verdict = guardQuery(sql, tenant)
    expect(verdict).toMatchObject({ kind: 'allowed' })
    // Whatever is read of a replaced table is read inside the subselect alone.
    const outside = verdict.kind === 'allowed' ? withoutSubselects(verdict.sql) : ''
    expect(outside).not.toMatch(/"public"\."(?:customers|orders|invoices|order_totals)"/)
    expect(outside).not.toMatch(/\bsecret\b|\beffects\b/)
  })
})

function withoutSubselects(sql: string): string {
  return sql.replaceAll(
    /\(SELECT "[^()]*(?:\([^()]*\([^()]*\)[^()]*\)[^()]*)*FROM (?:ONLY )?"public"\."\w+" WHERE \(tenant_id = 1\) OFFSET 0\)/g,
    '(…)',
  )
}

describe('legitimate statements', () => {
  it('are many', () => {
    expect(LEGITIMATE.length).toBeGreaterThanOrEqual(120)
    expect(new Set(LEGITIMATE).size).toBe(LEGITIMATE.length)
  })

  it.each(LEGITIMATE.map((sql) => [sql]))('%s', (sql) => {
    expect(guardQuery(sql, open)).toMatchObject({ kind: 'allowed' })
    expect(guardQuery(sql, tenant)).toMatchObject({ kind: 'allowed' })
  })
})
