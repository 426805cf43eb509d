import { isDataType } from './data-types.ts'
import { nameTokens } from './locate-name.ts'
import { quoteQualified, readNames, toNames } from './read-names.ts'
import { Refusal } from './refusal.ts'
import type { SqlNode } from './sql-parser.ts'
import type { Place } from './walk-statement.ts'

/** Refuses types that hold no data (`regclass` reads the catalogue), and those of others that are not exposed. */
export function checkType(node: SqlNode, { findings }: Place): undefined {
  const names = readNames(node.names)
  const [name = '', schema, ...rest] = [...names].reverse()
  findings.names.add(name)
  if (rest.length === 0 && (schema === undefined || schema === 'pg_catalog') && isDataType(name)) return
  const exposed = findings.rules.types.filter((type) => type.name === name)
  const [found, second] = schema === undefined ? exposed : exposed.filter((type) => type.schema === schema)
  if (found === undefined || second !== undefined || rest.length > 0) {
    throw new Refusal(`The type ${names.join('.')} is not available here. Cast to text, a number, a date or jsonb.`, {
      byte: node.location as number,
    })
  }
  if (schema !== undefined) return
  const { start, end } = nameTokens(findings.text, node.location as number, 1)
  findings.edits.push({ start, end, text: quoteQualified(found.schema, name) })
  node.names = toNames(found.schema, name)
}
