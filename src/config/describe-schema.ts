import { z } from 'zod'
import type { ConfigPath } from './config-issue.ts'
import { isPlainObject, valueAt } from './config-path.ts'
import { printableText } from './quote-text.ts'
import { configSchema } from './schema.ts'

/** The part of JSON Schema 2020-12 that the options use. */
export interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly examples?: readonly unknown[]
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  readonly oneOf?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly [keyword: string]: unknown
}

let made: SchemaNode | undefined

/** The schema of the file as JSON Schema, made once. */
export function configSchemaNode(): SchemaNode {
  made ??= z.toJSONSchema(configSchema, { io: 'input', target: 'draft-2020-12' }) as SchemaNode
  return made
}

/** The schema of what stands at the path; where there are several forms, the one that the `type` in `root` chooses. */
export function schemaAt(path: ConfigPath, root: unknown): SchemaNode | undefined {
  let node: SchemaNode | undefined = configSchemaNode()
  for (const [depth, part] of path.entries()) {
    node = step(chooseForm(node, valueAt(root, path.slice(0, depth))), part)
    if (node === undefined) return undefined
  }
  return chooseForm(node, valueAt(root, path))
}

function step(node: SchemaNode, part: string | number): SchemaNode | undefined {
  if (typeof part === 'number') return node.items
  if (node.oneOf !== undefined) {
    return part === 'type' ? { enum: node.oneOf.map((form) => form.properties?.type?.const) } : undefined
  }
  if (node.properties !== undefined && Object.hasOwn(node.properties, part)) return node.properties[part]
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
}

function chooseForm(node: SchemaNode, value: unknown): SchemaNode {
  if (node.oneOf === undefined) return node
  const type = isPlainObject(value) ? value.type : undefined
  const fits = (form: SchemaNode): boolean => form.properties?.type?.const === type
  return node.oneOf.find(fits) ?? node
}

/** What a value must be, as the end of "expected …": `a whole number from 1 to 100`. */
export function describeExpected(node: SchemaNode | undefined): string {
  if (node === undefined) return 'something else'
  const values = allowedValues(node)
  if (values !== undefined) return oneOf(values)
  switch (node.type) {
    case 'integer':
      return `a whole number from ${node.minimum} to ${node.maximum}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return 'a list'
    case 'object':
      return describeMapping(node)
    case 'string':
      return describeText(node)
    default:
      return node.oneOf === undefined ? 'a value' : 'a mapping of options with a type'
  }
}

/** Names that a choice tells. */
const MAX_NAMES = 20

/** The names as a choice; a single one alone. */
export function oneOf(names: readonly string[]): string {
  const distinct = [...new Set(names)].map(printableText)
  if (distinct.length === 1) return String(distinct[0])
  return `one of ${distinct.slice(0, MAX_NAMES).join(', ')}${distinct.length > MAX_NAMES ? ', …' : ''}`
}

/** The values that a choice allows, or undefined where there is no choice. */
export function allowedValues(node: SchemaNode): readonly string[] | undefined {
  if (node.const !== undefined) return [String(node.const)]
  if (node.enum !== undefined) return node.enum.map(String)
  return undefined
}

function describeMapping(node: SchemaNode): string {
  const names = Object.keys(node.properties ?? {})
  if (names.length === 0) return 'a mapping from name to options'
  return `a mapping with ${names.length === 1 ? '' : 'some of '}${names.join(', ')}`
}

function describeText(node: SchemaNode): string {
  const example = node.examples?.[0]
  if (example !== undefined) return `a text such as ${String(example)}`
  if (node.maxLength !== undefined) return `a text of ${node.minLength ?? 0} to ${node.maxLength} characters`
  return node.minLength === undefined ? 'a text' : 'a text that is not empty'
}
