import { nearestSpelling } from '../../../nearest-spelling.ts'
import { addAlias, type Findings } from './findings.ts'
import { type ExposedRelations, type GuardRules, isReplaced, type RelationRule } from './guard-rules.ts'
import { nameTokens } from './locate-name.ts'
import { quoteName, quoteQualified, readNames } from './read-names.ts'
import { Refusal } from './refusal.ts'
import { parseSubselect, subselectText } from './relation-subselect.ts'
import type { SqlNode } from './sql-parser.ts'
import type { Place } from './walk-statement.ts'

/**
 * Resolves a name in FROM: a common table expression in scope, or an exposed relation, which is then written with its
 * schema or as a subselect. Refuses any other.
 */
export function checkRelation(node: SqlNode, { findings, ctes }: Place, wrapper: SqlNode): 'done' {
  const { schemaname, catalogname, relname, relpersistence } = node as Record<string, string | undefined>
  const byte = node.location as number
  const name = relname ?? ''
  const alias = node.alias as { aliasname: string; colnames?: unknown } | undefined
  for (const column of readNames(alias?.colnames)) findings.names.add(column)
  if (catalogname !== undefined || relpersistence !== 'p') {
    throw new Refusal('Names of other databases are not available. Write schema.table.', { byte })
  }
  if (schemaname === undefined && ctes.has(name)) {
    addAlias(findings, alias?.aliasname ?? name, undefined)
    return 'done'
  }
  const rule = resolveRelation(findings.rules.relations, schemaname, name)
  if (rule === undefined) {
    throw (
      withheldRelation(findings.rules, schemaname, name, byte) ??
      unknownRelation(findings.rules.relations, schemaname, name, byte)
    )
  }
  findings.relations.add(rule)
  addAlias(findings, alias?.aliasname ?? name, alias?.colnames === undefined ? rule : undefined)
  if (isReplaced(rule)) replaceRelation(node, { rule, wrapper, findings })
  else if (schemaname === undefined) qualifyRelation(node, rule, findings)
  return 'done'
}

function resolveRelation(
  { bySchema, defaultSchemas }: ExposedRelations,
  schema: string | undefined,
  name: string,
): RelationRule | undefined {
  for (const candidate of schema === undefined ? defaultSchemas : [schema]) {
    const rule = bySchema.get(candidate)?.get(name)
    if (rule !== undefined) return rule
  }
  return undefined
}

function withheldRelation(
  { withheld = [], relations }: GuardRules,
  schema: string | undefined,
  name: string,
  byte: number,
): Refusal | undefined {
  const schemas = schema === undefined ? relations.defaultSchemas : [schema]
  const found = withheld.find((relation) => relation.name === name && schemas.includes(relation.schema))
  return found && new Refusal(found.reason, { byte })
}

/** A relation that exists and is not exposed is told apart from none in no way. */
function unknownRelation(
  { rules, defaultSchemas }: ExposedRelations,
  schema: string | undefined,
  name: string,
  byte: number,
): Refusal {
  const shown = rules.map((rule) => (defaultSchemas.includes(rule.schema) ? rule.name : `${rule.schema}.${rule.name}`))
  const asked = schema === undefined ? name : `${schema}.${name}`
  const didYouMean =
    rules.find((rule) => rule.name === name && schema === undefined)?.schema.concat('.', name) ??
    nearestSpelling(asked, shown) ??
    nearestSpelling(name, shown)
  const hint = didYouMean === undefined ? listSome(shown) : `Did you mean ${didYouMean}?`
  return new Refusal(`There is no table or view ${asked} here. ${hint}`, { byte, didYouMean })
}

const SHOWN_AT_MOST = 10

function listSome(names: readonly string[]): string {
  if (names.length === 0) return 'None is exposed.'
  const more = names.length > SHOWN_AT_MOST ? ', …' : ''
  return `There are ${names.slice(0, SHOWN_AT_MOST).join(', ')}${more}.`
}

function qualifyRelation(node: SqlNode, rule: RelationRule, findings: Findings): void {
  const { start, end } = nameTokens(findings.text, node.location as number, 1)
  findings.edits.push({ start, end, text: quoteQualified(rule.schema, rule.name) })
  node.schemaname = rule.schema
}

interface Replacement {
  readonly rule: RelationRule
  readonly wrapper: SqlNode
  readonly findings: Findings
}

function replaceRelation(node: SqlNode, { rule, wrapper, findings }: Replacement): void {
  const isOnly = node.inh !== true
  const text = subselectText(rule, isOnly)
  const subquery = parseSubselect(text, findings)
  const { start, end, isTableForm } = relationTokens(node, isOnly, findings)
  const alias = (node.alias ?? { aliasname: rule.name }) as SqlNode
  findings.edits.push({
    start,
    end,
    text: `${isTableForm ? 'SELECT * FROM ' : ''}(${text})${node.alias === undefined ? ` AS ${quoteName(rule.name)}` : ''}`,
  })
  delete wrapper.RangeVar
  wrapper.RangeSubselect = { subquery, alias }
}

/** `a`, `s.a`, `a *`, `ONLY a`, `ONLY (a)`, and `TABLE` before any of them. */
function relationTokens(
  node: SqlNode,
  isOnly: boolean,
  { text }: Findings,
): { readonly start: number; readonly end: number; readonly isTableForm: boolean } {
  const run = nameTokens(text, node.location as number, node.schemaname === undefined ? 1 : 2)
  const word = (index: number): string | undefined => text.tokens[index]?.text.toLowerCase()
  let { first, after } = run
  if (isOnly && word(first - 1) === '(' && word(first - 2) === 'only') {
    first -= 2
    after += 1
  } else if (isOnly) {
    first -= 1
  } else if (word(after) === '*') {
    after += 1
  }
  const isTableForm = word(first - 1) === 'table'
  const start = text.tokens[isTableForm ? first - 1 : first]?.start ?? run.start
  return { start, end: text.tokens[after - 1]?.end ?? run.end, isTableForm }
}
