import { describe, expect, it } from 'vitest'
import { allowFunctions } from './allow-functions.ts'
import { checkText } from './check-text.ts'
import { createFindings, type Edit } from './findings.ts'
import { exposeRelations } from './guard-rules.ts'
import { Refusal } from './refusal.ts'
import { rewriteQuery } from './rewrite-query.ts'
import { loadSqlParser } from './sql-parser.ts'

const parser = await loadSqlParser()
const rules = { relations: exposeRelations([], []), functions: allowFunctions([]), types: [] }

/** Rewrites `sql` with the edit, where the checks meant it to become `meant`. */
function rewrite(sql: string, edit: Edit, meant: string): string {
  const findings = createFindings(rules, checkText(sql, parser, 1_000), parser)
  findings.edits.push(edit)
  const [checked = {}] = parser.parse(meant)
  return rewriteQuery(checked, findings)
}

describe('a splice', () => {
  const sql = "SELECT 'é' FROM a"
  const meant = 'SELECT \'é\' FROM "s"."a"'

  it('that lands where it was meant gives the statement that was meant', () => {
    expect(rewrite(sql, { start: 17, end: 18, text: '"s"."a"' }, meant)).toBe(meant)
  })

  it.each([
    ['a character off, as if bytes were characters', { start: 16, end: 17, text: '"s"."a"' }],
    ['that takes too much', { start: 12, end: 18, text: '"s"."a"' }],
    ['of another relation', { start: 17, end: 18, text: '"s"."b"' }],
    ['with a statement behind it', { start: 17, end: 18, text: '"s"."a"; DELETE FROM a' }],
    ['with more than was meant', { start: 17, end: 18, text: '"s"."a", b' }],
    ['that is no SQL', { start: 17, end: 18, text: '"s".' }],
  ])('%s refuses the statement', (_, edit) => {
    expect(() => rewrite(sql, edit, meant)).toThrow(Refusal)
  })
})
