import type { CheckedText } from './check-text.ts'
import type { GuardRules, RelationRule } from './guard-rules.ts'
import type { SqlNode, SqlParser } from './sql-parser.ts'

/** A piece of the statement's text that is written anew. */
export interface Edit {
  /** Bytes of UTF-8: the first one replaced, and the first one kept again. */
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A use of a column, kept until every name of the statement is known. */
export interface ColumnUse {
  readonly names: readonly string[]
  readonly byte: number
}

/** What the checks of one statement have found, and what they may need. */
export interface Findings {
  readonly rules: GuardRules
  readonly text: CheckedText
  readonly parser: SqlParser
  readonly relations: Set<RelationRule>
  readonly functions: Set<string>
  readonly edits: Edit[]
  readonly columns: ColumnUse[]
  /** Names that columns, relations and results get in this statement. */
  readonly names: Set<string>
  /** What an alias stands for: a relation, or `undefined` for anything else. */
  readonly aliases: Map<string, Set<RelationRule | undefined>>
  /** Something gives columns whose names the guard does not know. */
  hasOpenNames: boolean
  /** The parsed subselects of replaced relations, by their text. */
  readonly subselects: Map<string, SqlNode>
}

/** Nothing found yet. */
export function createFindings(rules: GuardRules, text: CheckedText, parser: SqlParser): Findings {
  return {
    rules,
    text,
    parser,
    relations: new Set(),
    functions: new Set(),
    edits: [],
    columns: [],
    names: new Set(),
    aliases: new Map(),
    hasOpenNames: false,
    subselects: new Map(),
  }
}

/** Remembers what an alias stands for. */
export function addAlias(findings: Findings, alias: string, rule: RelationRule | undefined): void {
  const known = findings.aliases.get(alias) ?? new Set()
  findings.aliases.set(alias, known.add(rule))
  findings.names.add(alias)
}
