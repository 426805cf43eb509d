/** A statement with `:name` parameters, taken apart. */
export interface NamedStatement {
  /** Text between the parameters, one more than there are names. */
  readonly parts: readonly string[]
  /** Without the colon, in the order in which they stand; one may stand several times. */
  readonly names: readonly string[]
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y
const CALLER_NAME = /caller\.(?:tenant|id|name|claims\.[A-Za-z0-9_]+)/y
const DOLLAR_TAG = /\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$/y

/**
 * Finds the parameters of a statement that an operator wrote. A colon in a string, a quoted name, a comment or a
 * dollar-quoted text is none, nor is `::type`, `:=` or a slice `[1:2]`. Statements of callers never come here.
 */
export function parseNamedParameters(sql: string): NamedStatement {
  const parts: string[] = []
  const names: string[] = []
  let from = 0
  let at = 0
  while (at < sql.length) {
    const end = skipQuoted(sql, at)
    if (end > at) {
      at = end
      continue
    }
    const name = sql[at] === ':' && sql[at - 1] !== ':' ? nameAt(sql, at + 1) : undefined
    if (name === undefined) {
      at += sql[at] === ':' && sql[at + 1] === ':' ? 2 : 1
      continue
    }
    parts.push(sql.slice(from, at))
    names.push(name)
    at += 1 + name.length
    from = at
  }
  parts.push(sql.slice(from))
  return { parts, names }
}

function nameAt(sql: string, at: number): string | undefined {
  return matchAt(CALLER_NAME, sql, at) ?? matchAt(NAME, sql, at)
}

function matchAt(pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

/** The end of the string, quoted name, comment or dollar-quoted text that begins here; `at` itself when none does. */
function skipQuoted(sql: string, at: number): number {
  const two = sql.slice(at, at + 2)
  if (two === '--') return endAfter(sql, '\n', at + 2)
  if (two === '/*') return endAfter(sql, '*/', at + 2)
  const char = sql[at]
  if (char === "'" || char === '"' || char === '`') return endAfter(sql, char, at + 1)
  const tag = char === '$' ? matchAt(DOLLAR_TAG, sql, at) : undefined
  return tag === undefined ? at : endAfter(sql, tag, at + tag.length)
}

function endAfter(sql: string, closing: string, from: number): number {
  const end = sql.indexOf(closing, from)
  return end < 0 ? sql.length : end + closing.length
}
