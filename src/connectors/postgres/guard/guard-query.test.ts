import { beforeAll, describe, expect, it } from 'vitest'
import { allowFunctions } from './allow-functions.ts'
import type { CatalogFunction } from './function-catalog.ts'
import { type GuardQuery, loadGuard, type Verdict } from './guard-query.ts'
import { exposeRelations, type GuardRules, type RelationRule } from './guard-rules.ts'

const makeFunction = (name: string, rest: Partial<CatalogFunction> = {}): CatalogFunction => ({
  ...{ schema: 'pg_catalog', name, kind: 'f', volatility: 'i', language: 'internal', isBuiltIn: true },
  ...{ isVariadic: false, defaultCount: 0, argumentTypes: ['text'], returnType: 'text' },
  ...rest,
})

const functions = allowFunctions(
  [
    ...['lower', 'upper', 'length', 'repeat', 'lpad'].map((name) => makeFunction(name)),
    makeFunction('count', { kind: 'a', argumentTypes: ['any'] }),
    makeFunction('pg_read_file', { volatility: 'v' }),
    makeFunction('upper', { schema: 'public', isBuiltIn: false, language: 'plpgsql' }),
    makeFunction('with_tax', { schema: 'shop', isBuiltIn: false, language: 'sql' }),
    makeFunction('wipe', { schema: 'shop', isBuiltIn: false, language: 'sql' }),
  ],
  [{ schema: 'shop', name: 'with_tax' }],
)

const people: RelationRule = {
  schema: 'public',
  name: 'people',
  columns: [{ name: 'id' }, { name: 'name' }, { name: 'email', mask: "'***'" }],
  isWhole: false,
  where: 'tenant = 7',
}
const shops: RelationRule = {
  schema: 'shop',
  name: 'shops',
  columns: [{ name: 'id' }, { name: 'city' }],
  isWhole: true,
}
const columnsOnly: RelationRule = { schema: 'public', name: 'Umsätze', columns: [{ name: 'id' }], isWhole: false }

const rules: GuardRules = {
  relations: exposeRelations([people, shops, columnsOnly], ['public', 'shop']),
  functions,
  types: [{ schema: 'shop', name: 'mood' }],
}

const PEOPLE = '(SELECT "id", "name", (\'***\') AS "email" FROM "public"."people" WHERE (tenant = 7) OFFSET 0)'

let guardQuery: GuardQuery

beforeAll(async () => {
  guardQuery = await loadGuard()
})

const sqlOf = (sql: string, given: GuardRules = rules): string => {
  const verdict = guardQuery(sql, given)
  return verdict.kind === 'allowed' ? verdict.sql : `refused: ${verdict.reason}`
}
const refusalOf = (sql: string): Extract<Verdict, { kind: 'refused' }> => {
  const verdict = guardQuery(sql, rules)
  if (verdict.kind === 'allowed') throw new Error(`allowed: ${verdict.sql}`)
  return verdict
}

describe('a table with hidden columns, masks or a row condition', () => {
  it.each([
    ['SELECT * FROM people', `SELECT * FROM ${PEOPLE} AS "people"`],
    ['SELECT * FROM public.people', `SELECT * FROM ${PEOPLE} AS "people"`],
    ['SELECT p.name FROM people p', `SELECT p.name FROM ${PEOPLE} p`],
    ['SELECT * FROM people AS p(a, b)', `SELECT * FROM ${PEOPLE} AS p(a, b)`],
    ['SELECT * FROM people *', `SELECT * FROM ${PEOPLE} AS "people"`],
    ['TABLE people', `SELECT * FROM ${PEOPLE} AS "people"`],
    ['(TABLE ONLY people)', `(SELECT * FROM ${PEOPLE.replace('FROM ', 'FROM ONLY ')} AS "people")`],
    ['SELECT * FROM ONLY (people) p', `SELECT * FROM ${PEOPLE.replace('FROM ', 'FROM ONLY ')} p`],
    ['SELECT people.name FROM people;', `SELECT people.name FROM ${PEOPLE} AS "people"`],
    ['SELECT public.people.name FROM people', `SELECT "people".name FROM ${PEOPLE} AS "people"`],
    ["SELECT 'äö€😀', name FROM people -- all", `SELECT 'äö€😀', name FROM ${PEOPLE} AS "people"`],
    ['SELECT id FROM "Umsätze" u', 'SELECT id FROM (SELECT "id" FROM "public"."Umsätze") u'],
    ['SELECT 1 FROM U&"Ums\\00E4tze"', 'SELECT 1 FROM (SELECT "id" FROM "public"."Umsätze") AS "Umsätze"'],
    [
      'SELECT 1 FROM/**/people/**/JOIN shops USING(id)',
      `SELECT 1 FROM/**/${PEOPLE} AS "people"/**/JOIN "shop"."shops" USING(id)`,
    ],
  ])('is read through a subselect: %s', (sql, rewritten) => {
    expect(sqlOf(sql)).toBe(rewritten)
  })

  it('is not hidden by a common table expression of its name outside that one’s scope', () => {
    expect(sqlOf('SELECT (WITH people AS (SELECT 1 AS id) SELECT id FROM people), id FROM people')).toBe(
      `SELECT (WITH people AS (SELECT 1 AS id) SELECT id FROM people), id FROM ${PEOPLE} AS "people"`,
    )
    expect(sqlOf('WITH people AS (SELECT * FROM people) SELECT * FROM people')).toBe(
      `WITH people AS (SELECT * FROM ${PEOPLE} AS "people") SELECT * FROM people`,
    )
  })

  it('lets conditions be moved into it where the database keeps the rows itself', () => {
    const relations = exposeRelations([{ ...people, isFenced: false }], ['public'])
    expect(sqlOf('TABLE people', { ...rules, relations })).not.toContain('OFFSET')
  })

  it('is not read at all where its rules are no SQL, and the rules are not told', () => {
    for (const where of ['tenant = ', '1) --', '1); DELETE FROM a; SELECT (1', 'x /*']) {
      const relations = exposeRelations([{ ...people, where }], ['public'])
      expect(sqlOf('TABLE people', { ...rules, relations })).toMatch(
        /^refused: The (?:rules of this table cannot be applied|statement could not be rewritten)/,
      )
    }
  })

  it('has no samples and no plan', () => {
    expect(refusalOf('SELECT * FROM people TABLESAMPLE system (1)').reason).toContain('TABLESAMPLE')
    expect(refusalOf('EXPLAIN SELECT * FROM people').reason).toContain('EXPLAIN')
  })
})

describe('names without a schema', () => {
  it('are written with it, so that no other can take their place', () => {
    expect(sqlOf('SELECT upper(city), with_tax(city) FROM shops')).toBe(
      'SELECT "pg_catalog"."upper"(city), "shop"."with_tax"(city) FROM "shop"."shops"',
    )
    expect(sqlOf("SELECT 'sad'::mood[], lower('A')")).toBe('SELECT \'sad\'::"shop"."mood"[], lower(\'A\')')
  })

  it('are told in the verdict', () => {
    expect(guardQuery('SELECT upper(city) FROM shops', rules)).toEqual({
      kind: 'allowed',
      form: 'select',
      sql: expect.any(String),
      relations: [{ schema: 'shop', name: 'shops' }],
      functions: ['upper'],
    })
  })
})

describe('a refusal', () => {
  it.each([
    ['SELECT * FROM shps', 'shops', 15],
    ['SELECT * FROM public.shops', 'shops', 15],
    ['SELECT lenght(city) FROM shops', 'length', 8],
    ['SELECT shop.with_tex(1)', 'with_tax', 8],
    ["SELECT 'äö€😀', s.ctiy FROM shops s", 'city', 16],
    ['SELECT nmae FROM people', 'name', 8],
  ])('of %s knows what was meant, and where', (sql, didYouMean, position) => {
    expect(refusalOf(sql)).toMatchObject({ didYouMean, position, reason: expect.stringContaining('Did you mean') })
  })

  it('of a table that is withheld gives the reason', () => {
    const reason = 'Rows of ledger are not told apart in free SQL. Use find_ledger.'
    const withheld = [{ schema: 'shop', name: 'ledger', reason }]
    expect(sqlOf('TABLE ledger', { ...rules, withheld })).toBe(`refused: ${reason}`)
    expect(sqlOf('TABLE other.ledger', { ...rules, withheld })).toContain('There is no table')
  })

  it('does not tell what is hidden from what is not there', () => {
    const hidden = refusalOf('SELECT tenant FROM people')
    expect(hidden.reason).toBe(refusalOf('SELECT absent FROM people').reason.replace('absent', 'tenant'))
  })

  it.each(['+-', '/*', '<>', '@-'])('comes before the lexer has to read %s over and over', (signs) => {
    // Each of these took it between 10 and 40 seconds.
    expect(refusalOf(`SELECT ${signs.repeat(40_000)}`).reason).toContain('256 signs of operators in a row')
    expect(refusalOf(`SELECT 1 ${signs.repeat(100)}`).reason).not.toContain('in a row')
  })

  it('says where the syntax is wrong', () => {
    expect(refusalOf("SELECT 'é' FORM shops")).toMatchObject({
      position: 17,
      reason: expect.stringContaining('valid PostgreSQL'),
    })
  })

  it('names the parameters that there are', () => {
    expect(sqlOf('SELECT $2', { ...rules, parameterCount: 1 })).toContain('There are $1 to $1.')
    expect(sqlOf('SELECT $1', { ...rules, parameterCount: 1 })).toBe('SELECT $1')
  })
})

describe('the parser', () => {
  // A tree that overflows its stack leaves its memory broken for every later statement.
  it('is never given what it cannot take', () => {
    const deep = [
      '+1',
      ' IS NULL',
      '::text',
      ' COLLATE "C"',
      " AT TIME ZONE 'a'",
      ' UNION SELECT 1',
      '-1',
      '[1]',
      ' OR 1',
    ]
    for (const part of deep) guardQuery(`SELECT 1${part.repeat(Math.floor(99_000 / part.length))}`, rules)
    for (const part of ['NOT ', '- ', '+ ', 'CASE WHEN ', '(', '-', '@ ', 'EXISTS (SELECT ', 'ARRAY[']) {
      guardQuery(`SELECT ${part.repeat(Math.floor(99_000 / part.length))}1`, rules)
    }
    expect(sqlOf('SELECT 1')).toBe('SELECT 1')
  })

  it('takes the long lists of ordinary use', () => {
    const list = Array.from({ length: 5_000 }, (_, index) => -index).join(', ')
    expect(sqlOf(`SELECT id FROM shops WHERE id IN (${list})`)).toContain('-4999')
  })
})
