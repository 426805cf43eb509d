import type { z } from 'zod'
import type { ConfigPath } from './config-issue.ts'
import { pathKey, valueAt, writePath } from './config-path.ts'
import { allowedValues, configSchemaNode, describeExpected, type SchemaNode, schemaAt } from './describe-schema.ts'
import type { Mistake } from './mistake.ts'
import { nearestSpelling } from './nearest-spelling.ts'
import { type CheckedConfig, configSchema } from './schema.ts'
import { showValue } from './show-value.ts'
import type { TakenValues } from './take-values.ts'

/** The checked configuration, or undefined with the mistakes that stand in its way. */
export interface CheckResult {
  readonly config?: CheckedConfig
  readonly mistakes: readonly Mistake[]
  /** The values with numbers and booleans from the environment read as such. */
  readonly value: unknown
}

/** Checks the values against the schema and says about each wrong one what was expected. */
export function checkValues(taken: TakenValues): CheckResult {
  const first = configSchema.safeParse(taken.value)
  if (first.success) return { config: first.data, mistakes: [], value: taken.value }
  const value = readScalars(taken, first.error.issues)
  const result = value === taken.value ? first : configSchema.safeParse(value)
  if (result.success) return { config: result.data, mistakes: [], value }
  const mistakes = result.error.issues.flatMap((issue) => explainIssue(issue, value, taken))
  return { mistakes, value }
}

/** Variables of the environment are text: where a number or boolean is due, the text is read as one. */
function readScalars(taken: TakenValues, issues: readonly z.core.$ZodIssue[]): unknown {
  const due = new Set<string>()
  for (const issue of issues) {
    const key = pathKey(issue.path as ConfigPath)
    if (issue.code === 'invalid_type' && taken.origins.has(key)) due.add(key)
  }
  return due.size === 0 ? taken.value : replaceScalars(taken.value, [], due)
}

function replaceScalars(value: unknown, path: ConfigPath, due: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((item, index) => replaceScalars(item, [...path, index], due))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, replaceScalars(item, [...path, key], due)])
    return Object.fromEntries(entries)
  }
  return typeof value === 'string' && due.has(pathKey(path)) ? readScalar(value) : value
}

function readScalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?[0-9]{1,15}(\.[0-9]+)?$/.test(text) ? Number(text) : text
}

function explainIssue(issue: z.core.$ZodIssue, root: unknown, taken: TakenValues): Mistake[] {
  const path = issue.path as ConfigPath
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => explainUnknown([...path, key], root))
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? 'another name'
    return [{ path, at: 'key', problem: 'is no possible name', expected }]
  }
  const node = schemaAt(path, root)
  const value = valueAt(root, path)
  const saysItself = (issue.code === 'invalid_format' || issue.code === 'custom') && value !== undefined
  const expected = saysItself ? issue.message : `${describeExpected(node)}${hintAtQuotes(node, value)}`
  if (value === undefined) return [{ path, at: 'value', problem: 'is missing', expected }]
  const problem = `is ${showValue(value, path, taken.origins)}`
  const suggestion = taken.origins.has(pathKey(path)) ? undefined : suggestValue(value, node)
  return [{ path, at: 'value', problem, expected, ...(suggestion === undefined ? {} : { suggestion }) }]
}

/** YAML reads `1.0` as a number and `yes` as a text; the first is easily meant as a text. */
function hintAtQuotes(node: SchemaNode | undefined, value: unknown): string {
  return node?.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')
    ? ' (put it in quotes)'
    : ''
}

function suggestValue(value: unknown, node: SchemaNode | undefined): string | undefined {
  const values = node === undefined ? undefined : allowedValues(node)
  return typeof value === 'string' && values !== undefined ? nearestSpelling(value, values) : undefined
}

function explainUnknown(path: ConfigPath, root: unknown): Mistake {
  const parent = schemaAt(path.slice(0, -1), root)
  const names = Object.keys(parent?.properties ?? {})
  const name = String(path.at(-1))
  const suggestion = nearestSpelling(name, names) ?? findElsewhere(name)
  const expected = names.length === 0 ? undefined : `one of ${names.join(', ')}`
  return {
    path,
    at: 'key',
    problem: 'is not an option',
    ...(expected === undefined ? {} : { expected }),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** An option of this name in another section, when there is exactly one: `port` is `server.port`. */
function findElsewhere(name: string): string | undefined {
  const found: string[] = []
  const search = (node: SchemaNode, path: ConfigPath): void => {
    for (const [key, child] of Object.entries(node.properties ?? {})) {
      if (key === name) found.push(writePath([...path, key]))
      search(child, [...path, key])
    }
  }
  search(configSchemaNode(), [])
  return found.length === 1 ? found[0] : undefined
}
