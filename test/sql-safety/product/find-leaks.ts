/** Hidden and masked values, and things that are not exposed. */
const HIDDEN = /000-00-\d{4}|\bc\d+@example\.com|SECRET-TOKEN-\d|root:x:0|\/(?:var|tmp)\/[\w/.-]*data\b/g

/** Rows of tenants 2 and 3: their texts, and their amounts. */
const FOREIGN = /~T[23]~|\b7770\d{3}\.01/g

/** Hidden or masked values in a text, without those that the statement itself holds. */
export function findHidden(text: string, sql: string): readonly string[] {
  return find(HIDDEN, text, sql)
}

/** Traces of rows of other tenants in a text, without those that the statement itself holds. */
export function findForeign(text: string, sql: string): readonly string[] {
  return find(FOREIGN, text, sql)
}

function find(pattern: RegExp, text: string, sql: string): readonly string[] {
  return [...new Set([...text.matchAll(pattern)].map(([found]) => found))].filter((found) => !sql.includes(found))
}
