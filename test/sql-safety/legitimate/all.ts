import { LEGITIMATE_EXPRESSIONS } from './expressions.ts'
import { LEGITIMATE_SHAPES } from './shapes.ts'

/** Statements of ordinary analysis, which must be allowed. All of them give rows in a fixed order, and always the same. */
export const LEGITIMATE: readonly string[] = [...LEGITIMATE_SHAPES, ...LEGITIMATE_EXPRESSIONS]

/** Those among them whose answer is that of the server's version or clock, or a plan; they are not compared. */
export const VARYING: RegExp =
  /^\s*(?:EXPLAIN|SHOW)|\b(?:now|random|clock_timestamp|gen_random_uuid|current_date|age\(created_at\))\b/i

/** Syntax that older servers do not know, with the version that brought it. */
export const SINCE: readonly (readonly [pattern: RegExp, major: number])[] = [
  [/JSON_TABLE|JSON_VALUE|JSON_EXISTS|JSON_QUERY/, 17],
  [/JSON_OBJECT\(|JSON_ARRAY\(|JSON_OBJECTAGG|JSON_ARRAYAGG|IS JSON|any_value/, 16],
  [/FROM \(SELECT id FROM orders WHERE id = 1\)$/, 16],
]
