import { createRequire } from 'node:module'
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv'
import { ToolgateError } from '../errors.ts'
import type { JsonSchema } from './protocol.ts'

/** One thing that is wrong with a value. `path` is dotted; empty for the value as a whole. */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** Holds a value against a JSON Schema; every issue is named, up to a bound. */
export type JsonCheck = (value: unknown) => readonly Issue[] | undefined

const MAX_ISSUES = 20

/**
 * Compiles a JSON Schema of 2020-12 or draft-07. Throws `DEFINITION_INVALID` when it is not one, or points outside
 * itself: nothing is fetched.
 *
 * A schema that a machine made (`isTrusted`) is right by construction, and is compiled when the first value comes: a
 * server with a thousand tools pays for those that are called, and a cold start for none.
 */
export function compileJsonSchema(json: JsonSchema, isTrusted: boolean): JsonCheck {
  const dialect = dialectOf(json)
  let validate = isTrusted ? undefined : compile(json, dialect, true)
  return (value) => {
    validate ??= compile(json, dialect, false)
    return validate(value) ? undefined : (validate.errors ?? []).slice(0, MAX_ISSUES).map(toIssue)
  }
}

type Dialect = 'draft-07' | '2020-12'

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
])

function dialectOf(json: JsonSchema): Dialect {
  const named = typeof json.$schema === 'string' ? json.$schema.replace(/#$/, '') : undefined
  const dialect = named === undefined ? '2020-12' : DIALECTS.get(named)
  if (dialect !== undefined) return dialect
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `The schema is written in the dialect ${named}, which is not supported.`,
    hint: 'Write it in JSON Schema 2020-12 (or draft-07).',
  })
}

function compile(json: JsonSchema, dialect: Dialect, isHandWritten: boolean): ValidateFunction {
  const ajv = ajvOf(dialect)
  try {
    if (isHandWritten) void ajv.validateSchema(json, true)
    return ajv.compile(json)
  } catch (cause) {
    throw new ToolgateError({
      code: 'DEFINITION_INVALID',
      message: `The schema is not valid: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Every $ref must point inside the schema; nothing is fetched.',
      cause,
    })
  } finally {
    // Ajv keeps every compiled schema for ever; a reload would leak them.
    ajv.removeSchema(json)
  }
}

const require = createRequire(import.meta.url)
const ajvs = new Map<Dialect, Ajv>()

/** Ajv is loaded when the first schema is compiled, which a server that only lists its tools never does. */
function ajvOf(dialect: Dialect): Ajv {
  const known = ajvs.get(dialect)
  if (known !== undefined) return known
  const options: Options = {
    allErrors: true,
    strict: false,
    validateFormats: false,
    validateSchema: false,
    addUsedSchema: false,
    logger: false,
    code: { regExp: Object.assign(toRegExp, { code: 'toRegExp' }) },
  }
  const made: Ajv =
    dialect === '2020-12' ? new (require('ajv/dist/2020').Ajv2020)(options) : new (require('ajv').Ajv)(options)
  ajvs.set(dialect, made)
  return made
}

/** A pattern is Unicode (JSON Schema 2020-12 §6.4); one that was written as a plain JavaScript expression may not be. */
function toRegExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch {
    return new RegExp(pattern)
  }
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
