import type { z } from 'zod'
import { nearestSpelling } from '../nearest-spelling.ts'
import type { ConfigPath } from './config-issue.ts'
import { pathKey, valueAt, writePath } from './config-path.ts'
import {
  allowedValues,
  configSchemaNode,
  describeExpected,
  oneOf,
  type SchemaNode,
  schemaAt,
} from './describe-schema.ts'
import type { Mistake } from './mistake.ts'
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
  const isFromEnvironment = taken.origins.has(pathKey(path))
  const saysItself = (issue.code === 'invalid_format' || issue.code === 'custom') && value !== undefined
  const expected = saysItself
    ? issue.message
    : `${describeExpected(node)}${hintAtQuotes(value, { node, isFromEnvironment })}`
  if (value === undefined) return [{ path, at: 'value', problem: 'is missing', expected }]
  const problem = `is ${showValue(value, path, taken.origins)}`
  const suggestion = isFromEnvironment ? undefined : suggestValue(value, node)
  return [{ path, at: 'value', problem, expected, ...(suggestion === undefined ? {} : { suggestion }) }]
}

interface Hinted {
  readonly node: SchemaNode | undefined
  readonly isFromEnvironment: boolean
}

/** YAML reads `1.0` as a number and `'1'` as a text. */
function hintAtQuotes(value: unknown, { node, isFromEnvironment }: Hinted): string {
  const isNumeral = typeof value === 'string' && typeof readScalar(value) !== 'string'
  if (isNumeral && !isFromEnvironment && /^(integer|boolean)$/.test(node?.type ?? '')) return ' (without quotes)'
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
  const expected = names.length === 0 ? undefined : oneOf(names)
  return {
    path,
    at: 'key',
    problem: 'is not an option',
    ...(expected === undefined ? {} : { expected }),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

/** An option of about this name in another section, when there is exactly one: `port` is `server.port`. */
function findElsewhere(name: string): string | undefined {
  const options = listPaths(configSchemaNode(), []).filter((path) => path.length > 1)
  const nearest = nearestSpelling(
    name,
    options.map((path) => String(path.at(-1))),
  )
  const [found, second] = options.filter((path) => path.at(-1) === nearest)
  return found === undefined || second !== undefined ? undefined : writePath(found)
}

function listPaths(node: SchemaNode, path: ConfigPath): readonly ConfigPath[] {
  const own = Object.entries(node.properties ?? {})
  return own.flatMap(([key, child]) => [[...path, key], ...listPaths(child, [...path, key])])
}
