import fc from 'fast-check'
import { scanSync } from 'libpg-query'

/** One change of a statement's text. The numbers choose where. */
type Mutation = (sql: string, pick: (below: number) => number) => string

/** A statement and changes to it, as a property wants them; shrinks to few changes. */
export function mutated(statements: readonly string[]): fc.Arbitrary<string> {
  const step = fc.tuple(
    fc.integer({ min: 0, max: MUTATIONS.length - 1 }),
    fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
  )
  return fc
    .tuple(
      fc.constantFrom(...statements),
      fc.constantFrom(...statements),
      fc.array(step, { minLength: 1, maxLength: 4 }),
    )
    .map(([sql, other, steps]) => {
      let text = sql
      for (const [which, numbers] of steps) {
        let at = 0
        const pick = (below: number): number => (numbers[at++ % numbers.length] ?? 0) % Math.max(1, below)
        text = which === 0 ? spliceOther(text, other, pick) : (MUTATIONS[which]?.(text, pick) ?? text)
      }
      return text
    })
}

const EXPRESSIONS = [
  'pg_sleep(1)',
  "('role'::text).current_setting",
  '(x.v).pg_read_file',
  '(SELECT token FROM secret LIMIT 1)',
  "log_effect('x')",
  'current_user',
  "'secret'::regclass",
  'name OPERATOR(public.||) name',
  "set_config('role', 'postgres', false)",
  "public.lower('a')",
  "lower('A'::varchar)",
  'with_tax(1)',
  'U&"pg!005fsleep" UESCAPE \'!\' (1)',
  'NULL::secret',
  'c.ssn',
  'customers',
  '(customers).ssn',
  'ctid',
]

const RELATIONS = [
  'secret',
  'public.secret',
  'customers',
  'ONLY (customers)',
  'customers *',
  'public.customers AS c(a, b)',
  'pg_class',
  'pg_catalog.pg_authid',
  'effects',
  'U&"\\0073ecret"',
  '"customers" c',
  'public.U&"cust!006fmers" UESCAPE \'!\'',
  "log_effect('x') AS f",
  '(SELECT * FROM secret) s',
  '(WITH secret AS (SELECT 1) SELECT * FROM secret) s, secret',
]

const WRAPPERS: readonly ((sql: string) => string)[] = [
  (sql) => `SELECT * FROM (${sql}) AS wrapped`,
  (sql) => `WITH w AS (${sql}) SELECT * FROM w`,
  (sql) => `WITH secret AS (${sql}) SELECT * FROM secret`,
  (sql) => `WITH secret AS (SELECT 1) ${sql}`,
  (sql) => `WITH customers AS (${sql}) SELECT * FROM customers, orders`,
  (sql) => `WITH RECURSIVE secret AS (SELECT 1 UNION ALL SELECT * FROM secret) SELECT * FROM (${sql}) x`,
  (sql) => `SELECT EXISTS (${sql})`,
  (sql) => `SELECT ARRAY(${sql})`,
  (sql) => `(${sql}) UNION ALL (${sql})`,
  (sql) => `EXPLAIN ${sql}`,
  (sql) => `EXPLAIN (ANALYZE) ${sql}`,
  (sql) => `${sql};`,
  (sql) => `${sql} FOR UPDATE`,
  (sql) => `SELECT c.id FROM customers c, LATERAL (${sql}) l`,
  (sql) => `WITH d AS (DELETE FROM effects RETURNING *) ${sql}`,
  (sql) => `DECLARE c CURSOR FOR ${sql}`,
  (sql) => `PREPARE p AS ${sql}`,
  (sql) => `CREATE VIEW v AS ${sql}`,
  (sql) => `COPY (${sql}) TO STDOUT`,
  (sql) => `(${sql})`,
  (sql) => `/* ${sql} */ ${sql}`,
]

const GAPS = [' ', '\n', '\t', '/**/', '/* ; */', '-- x\n', ' /* /* */ */ ', '\r\n', '  ']

const MUTATIONS: readonly Mutation[] = [
  (sql) => sql,
  (sql, pick) => (WRAPPERS[pick(WRAPPERS.length)] as (text: string) => string)(sql),
  (sql, pick) => replaceToken(sql, pick, isRelation, () => RELATIONS[pick(RELATIONS.length)] ?? ''),
  (sql, pick) => replaceToken(sql, pick, isValue, () => EXPRESSIONS[pick(EXPRESSIONS.length)] ?? ''),
  (sql, pick) => replaceToken(sql, pick, isName, (text) => `U&"${[...text].map(escapeCharacter).join('')}"`),
  (sql, pick) => replaceToken(sql, pick, isName, (text) => `"${text.toLowerCase()}"`),
  (sql, pick) => replaceToken(sql, pick, isName, (text) => text.toUpperCase()),
  (sql, pick) => replaceToken(sql, pick, isLiteral, (text) => `$q$${text.slice(1, -1)}$q$`),
  (sql, pick) => replaceToken(sql, pick, isLiteral, (text) => `E${text}`),
  (sql, pick) =>
    replaceToken(
      sql,
      pick,
      () => true,
      (text) => `${GAPS[pick(GAPS.length)]}${text}${GAPS[pick(7)]}`,
    ),
  (sql, pick) =>
    replaceToken(
      sql,
      pick,
      () => true,
      () => '',
    ),
  (sql, pick) =>
    replaceToken(
      sql,
      pick,
      () => true,
      (text) => `${text} ${text}`,
    ),
  (sql, pick) =>
    replaceToken(sql, pick, isName, (text) => `${text}.${['secret', 'ssn', 'pg_sleep', 'log_effect', '*'][pick(5)]}`),
  (sql, pick) => replaceToken(sql, pick, isName, (text) => `public.${text}`),
  (sql, pick) => replaceToken(sql, pick, isLiteral, () => "'é€😀'"),
]

/** Joins two statements, or puts one where the other has a value. */
function spliceOther(sql: string, other: string, pick: (below: number) => number): string {
  const joints = [`${sql}; ${other}`, `${sql} UNION ALL ${other}`, `${sql} ${other}`]
  const index = pick(joints.length + 3)
  return joints[index] ?? replaceToken(sql, pick, isValue, () => `(${other})`)
}

interface Piece {
  readonly text: string
  readonly tokenName: string
  readonly before: string
}

const isName = ({ tokenName }: Piece): boolean => tokenName === 'IDENT'
const isLiteral = ({ text }: Piece): boolean => /^'[^'\\]*'$/.test(text)
const isValue = (piece: Piece): boolean => isLiteral(piece) || piece.tokenName === 'ICONST' || isName(piece)
const isRelation = ({ before, tokenName }: Piece): boolean =>
  tokenName === 'IDENT' && /^(?:from|join|table|only)$/i.test(before)

function replaceToken(
  sql: string,
  pick: (below: number) => number,
  isWanted: (piece: Piece) => boolean,
  by: (text: string) => string,
): string {
  const bytes = Buffer.from(sql)
  const tokens = tokensOf(sql)
  const wanted = tokens.filter((token, index) => isWanted({ ...token, before: tokens[index - 1]?.text ?? '' }))
  const token = wanted[pick(wanted.length)]
  if (token === undefined) return sql
  return `${bytes.subarray(0, token.start)}${by(token.text)}${bytes.subarray(token.end)}`
}

function tokensOf(sql: string): ReturnType<typeof scanSync>['tokens'] {
  try {
    return scanSync(sql).tokens
  } catch {
    return []
  }
}

function escapeCharacter(character: string): string {
  return /^[a-z]$/.test(character) ? `\\00${character.charCodeAt(0).toString(16)}` : character
}
