import { toJSONSchema } from 'zod/v4/core'
import { ToolgateError } from '../errors.ts'
import { compileJsonSchema, type Issue } from './compile-json-schema.ts'
import type { JsonSchema } from './protocol.ts'
import type { Schema, StandardIssue, StandardSchema } from './schema.ts'

export type Checked = { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/** A compiled schema: the JSON Schema that is published, and the check that enforces it. */
export interface CompiledSchema {
  readonly json: JsonSchema
  readonly check: (value: unknown) => Checked | Promise<Checked>
}

/** The input schema of what takes no arguments. */
export const NO_INPUT: JsonSchema = { type: 'object', additionalProperties: false }

const MAX_ISSUES = 20
/**
 * Compiles a schema once. What clients are told (the JSON Schema) is what is enforced; the author's own schema then
 * transforms an input, or strips from an output what it does not declare. Throws `DEFINITION_INVALID` when the schema
 * cannot be expressed or compiled; a remote `$ref` is never fetched.
 */
export function compileSchema(schema: Schema, direction: 'input' | 'output'): CompiledSchema {
  const standard = isStandardSchema(schema) ? schema : undefined
  const json = standard === undefined ? (schema as JsonSchema) : toPublishedSchema(standard, direction)
  const isMachineMade = json === NO_INPUT || (standard !== undefined && '_zod' in standard)
  const findIssues = compileJsonSchema(json, isMachineMade)
  const checkJson = (value: unknown): Checked => {
    const issues = findIssues(value)
    return issues === undefined ? { value } : { issues }
  }
  if (standard === undefined) return { json, check: checkJson }
  const check =
    direction === 'input'
      ? (value: unknown) => andThen(checkJson(value), (checked) => checkStandard(standard, checked))
      : (value: unknown) => andThen(checkStandard(standard, value), checkJson)
  return { json, check }
}

function andThen(
  first: Checked | Promise<Checked>,
  next: (value: unknown) => Checked | Promise<Checked>,
): Checked | Promise<Checked> {
  if (first instanceof Promise) return first.then((checked) => andThen(checked, next))
  return first.issues === undefined ? next(first.value) : first
}

function isStandardSchema(schema: Schema): schema is StandardSchema {
  return '~standard' in schema && typeof schema['~standard'] === 'object'
}

function toPublishedSchema(schema: StandardSchema, direction: 'input' | 'output'): JsonSchema {
  try {
    if ('_zod' in schema) return zodToJsonSchema(schema, direction)
    const convert = schema['~standard'].jsonSchema
    if (convert !== undefined) return convert[direction === 'input' ? 'input' : 'output']({ target: 'draft-2020-12' })
  } catch (cause) {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: `The ${direction} schema cannot be written as JSON Schema: ${messageOf(cause)}`,
      hint: 'Use types that JSON has (for a date: z.iso.datetime()), or give plain JSON Schema.',
      cause,
    })
  }
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `The ${direction} schema of vendor "${schema['~standard'].vendor}" has no JSON Schema form.`,
    hint: 'Use Zod 4, a Standard Schema with jsonSchema, or plain JSON Schema 2020-12.',
  })
}

/** A plain `z.object` drops unknown keys silently; as an input it refuses them here, unless the author says loose. */
function zodToJsonSchema(schema: StandardSchema, direction: 'input' | 'output'): JsonSchema {
  return toJSONSchema(schema as unknown as Parameters<typeof toJSONSchema>[0], {
    target: 'draft-2020-12',
    io: direction,
    override: ({ zodSchema, jsonSchema }) => {
      const def = zodSchema._zod.def as { type: string; catchall?: unknown }
      if (def.type === 'object' && def.catchall === undefined && direction === 'input') {
        jsonSchema.additionalProperties = false
      }
    },
  }) as JsonSchema
}

function checkStandard(schema: StandardSchema, value: unknown): Checked | Promise<Checked> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) return result.then(toChecked)
  return toChecked(result)
}

function toChecked(result: {
  readonly value?: unknown
  readonly issues?: readonly StandardIssue[] | undefined
}): Checked {
  if (result.issues === undefined) return { value: result.value }
  return {
    issues: result.issues.slice(0, MAX_ISSUES).map(({ message, path }) => ({ path: dotted(path ?? []), message })),
  }
}

function dotted(path: readonly (PropertyKey | { readonly key: PropertyKey })[]): string {
  return path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
}

/** The issues as one sentence: `a` must be number; `b` is required. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path === '' ? message : `\`${path}\` ${message}`)).join('; ')
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
