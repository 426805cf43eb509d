import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { toJSONSchema } from 'zod/v4/core'
import { ToolgateError } from '../errors.ts'
import type { JsonSchema } from './protocol.ts'
import type { Schema, StandardIssue, StandardSchema } from './schema.ts'

/** One thing that is wrong with a value. `path` is dotted; empty for the value as a whole. */
export interface Issue {
  readonly path: string
  readonly message: string
}

export type Checked = { readonly value: unknown; readonly issues?: undefined } | { readonly issues: readonly Issue[] }

/** A compiled schema: the JSON Schema that is published, and the check that enforces it. */
export interface CompiledSchema {
  readonly json: JsonSchema
  readonly check: (value: unknown) => Checked | Promise<Checked>
}

/** The input schema of what takes no arguments. */
export const NO_INPUT: JsonSchema = { type: 'object', additionalProperties: false }

const MAX_ISSUES = 20
const DIALECTS: ReadonlyMap<string, 'draft-07' | '2020-12'> = new Map([
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
])

/**
 * Compiles a schema once. What clients are told (the JSON Schema) is what is enforced; the author's own schema then
 * transforms an input, or strips from an output what it does not declare. Throws `DEFINITION_INVALID` when the schema
 * cannot be expressed or compiled; a remote `$ref` is never fetched.
 */
export function compileSchema(schema: Schema, direction: 'input' | 'output'): CompiledSchema {
  const standard = isStandardSchema(schema) ? schema : undefined
  const json = standard === undefined ? (schema as JsonSchema) : toPublishedSchema(standard, direction)
  const validate = compileJsonSchema(json, standard === undefined && json !== NO_INPUT)
  const checkJson = (value: unknown): Checked =>
    validate(value) ? { value } : { issues: (validate.errors ?? []).slice(0, MAX_ISSUES).map(toIssue) }
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

const ajvs: { 'draft-07'?: Ajv; '2020-12'?: Ajv2020 } = {}

function ajvFor(json: JsonSchema): Ajv | Ajv2020 {
  const named = typeof json.$schema === 'string' ? json.$schema.replace(/#$/, '') : undefined
  const dialect = named === undefined ? '2020-12' : DIALECTS.get(named)
  const options = {
    allErrors: true,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
  } as const
  if (dialect === '2020-12') {
    ajvs[dialect] ??= new Ajv2020(options)
    return ajvs[dialect]
  }
  if (dialect === 'draft-07') {
    ajvs[dialect] ??= new Ajv(options)
    return ajvs[dialect]
  }
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `The schema is written in the dialect ${named}, which is not supported.`,
    hint: 'Write it in JSON Schema 2020-12 (or draft-07).',
  })
}

/** A schema that a person wrote is held against its dialect first, which costs a cold start a tenth of a second. */
function compileJsonSchema(json: JsonSchema, isHandWritten: boolean): ValidateFunction {
  const ajv = ajvFor(json)
  try {
    if (isHandWritten) void ajv.validateSchema(json, true)
    return ajv.compile(json)
  } catch (cause) {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: `The schema is not valid: ${messageOf(cause)}`,
      hint: 'Every $ref must point inside the schema; nothing is fetched.',
      cause,
    })
  } finally {
    // Ajv keeps every compiled schema for ever; a reload would leak them.
    ajv.removeSchema(json)
  }
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

function toIssue(error: ErrorObject): Issue {
  const at = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~')
  const inside = (name: unknown): string => (at === '' ? String(name) : `${at}.${String(name)}`)
  switch (error.keyword) {
    case 'required':
      return { path: inside(error.params.missingProperty), message: 'is required' }
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return {
        path: inside(error.params.additionalProperty ?? error.params.unevaluatedProperty),
        message: 'is not known',
      }
    case 'enum':
      return { path: at, message: `must be one of ${JSON.stringify(error.params.allowedValues)}` }
    case 'const':
      return { path: at, message: `must be ${JSON.stringify(error.params.allowedValue)}` }
    default:
      return { path: at, message: error.message ?? `fails ${error.keyword}` }
  }
}

/** The issues as one sentence: `a` must be number; `b` is required. */
export function describeIssues(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path === '' ? message : `\`${path}\` ${message}`)).join('; ')
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
