import { ToolgateError } from '../errors.ts'
import type { JsonSchema } from './protocol.ts'

/** One `x-mcp-header` annotation: the argument at `path` is mirrored into `Mcp-Param-<name>` (SEP-2243). */
export interface ParamHeader {
  /** Lower-case header name, `mcp-param-region`. */
  readonly header: string
  readonly path: readonly string[]
  readonly isInteger: boolean
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const TYPES: ReadonlySet<unknown> = new Set(['string', 'boolean', 'integer'])

/**
 * The mirrored arguments of an input schema. Throws `DEFINITION_INVALID` where an annotation breaks the rules, because a
 * client would silently drop the tool: the name is a header token and unique, the type is string, boolean or integer, and
 * the property is reached through `properties` alone.
 */
export function findParamHeaders(schema: JsonSchema): readonly ParamHeader[] {
  const found: ParamHeader[] = []
  visit(schema, [], true, found)
  const names = new Set(found.map(({ header }) => header))
  if (names.size < found.length) throw invalid('two properties name the same header')
  return found
}

/** Keywords that hold values, not schemas. */
const LITERALS: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples'])

function visit(node: unknown, path: readonly string[], isReachable: boolean, found: ParamHeader[]): void {
  if (typeof node !== 'object' || node === null) return
  if ('x-mcp-header' in node) found.push(toParamHeader(node as JsonSchema, path, isReachable))
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === 'properties' && !Array.isArray(node)) visitProperties(value, path, isReachable, found)
    else if (!LITERALS.has(keyword)) visit(value, path, false, found)
  }
}

function visitProperties(
  properties: unknown,
  path: readonly string[],
  isReachable: boolean,
  found: ParamHeader[],
): void {
  for (const [name, property] of Object.entries((properties ?? {}) as object)) {
    visit(property, [...path, name], isReachable, found)
  }
}

function toParamHeader(schema: JsonSchema, path: readonly string[], isReachable: boolean): ParamHeader {
  const name = schema['x-mcp-header']
  if (!isReachable || path.length === 0) throw invalid('it stands where no property chain leads')
  if (typeof name !== 'string' || !TOKEN.test(name)) throw invalid(`${JSON.stringify(name)} is not a header name`)
  if (!TYPES.has(schema.type)) throw invalid(`\`${path.join('.')}\` must be a string, boolean or integer`)
  return { header: `mcp-param-${name.toLowerCase()}`, path, isInteger: schema.type === 'integer' }
}

function invalid(why: string): ToolgateError {
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `An x-mcp-header annotation cannot be used: ${why}.`,
    hint: 'See SEP-2243, Custom Headers from Tool Parameters.',
  })
}
