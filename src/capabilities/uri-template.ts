import { ToolgateError } from '../errors.ts'

/** A compiled RFC 6570 template. */
export interface UriTemplate {
  readonly variables: readonly string[]
  /** The variables, percent-decoded, if the whole URI fits; in time linear in its length. */
  match(uri: string): Readonly<Record<string, string>> | undefined
}

interface Variable {
  readonly name: string
  /** Stops at a slash: everything but `{+name}` and `{name*}` in a path. */
  readonly isSegment: boolean
}

type Part = string | Variable

const EXPRESSION = /\{([^{}]*)\}/g
const NAME = /^([+/]?)([A-Za-z_][A-Za-z0-9_]*)(\*?)$/

/**
 * Compiles a template. Supported are the forms a URI can be taken apart by: `{name}` (one path segment), `{+name}` (may
 * hold slashes), `{/name}` (slash and one segment). Two variables must have a literal between them.
 */
export function compileUriTemplate(template: string): UriTemplate {
  const parts = parse(template)
  const variables = parts.filter((part) => typeof part !== 'string')
  return {
    variables: variables.map(({ name }) => name),
    match: (uri) => matchParts(parts, uri),
  }
}

/** Literals and variables in turn, beginning and ending with a literal, which may be empty. */
function parse(template: string): Part[] {
  const parts: Part[] = []
  let end = 0
  for (const found of template.matchAll(EXPRESSION)) {
    const [, operator, name, explode] = NAME.exec(found[1] ?? '') ?? []
    if (name === undefined) throw invalid(template, `the expression ${found[0]} is not supported`)
    const literal = template.slice(end, found.index) + (operator === '/' ? '/' : '')
    if (parts.length > 0 && literal === '') throw invalid(template, `nothing separates ${name} from the one before`)
    if (parts.some((part) => typeof part !== 'string' && part.name === name))
      throw invalid(template, `${name} occurs twice`)
    parts.push(literal, { name, isSegment: operator !== '+' && explode !== '*' })
    end = found.index + found[0].length
  }
  parts.push(template.slice(end))
  const hasBrace = parts.some((part) => typeof part === 'string' && /[{}]/.test(part))
  if (hasBrace) throw invalid(template, 'a brace has no partner')
  return parts
}

function invalid(template: string, why: string): ToolgateError {
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `The URI template ${template} cannot be used: ${why}.`,
    hint: 'Use {name} for one path segment, {+name} for several, with something between two of them.',
  })
}

/** Each variable runs to the next occurrence of the literal behind it, so there is nothing to backtrack over. */
function matchParts(parts: readonly Part[], uri: string): Record<string, string> | undefined {
  const found: Record<string, string> = Object.create(null)
  const first = parts[0] as string
  if (!uri.startsWith(first)) return undefined
  let at = first.length
  for (let index = 1; index < parts.length; index += 2) {
    const variable = parts[index] as Variable
    const literal = parts[index + 1] as string
    const end = endOfVariable(uri, at, literal, index + 2 === parts.length)
    const value = end > at ? decode(uri.slice(at, end), variable) : undefined
    if (value === undefined || !uri.startsWith(literal, end)) return undefined
    found[variable.name] = value
    at = end + literal.length
  }
  return at === uri.length ? found : undefined
}

function endOfVariable(uri: string, at: number, literal: string, isLast: boolean): number {
  return isLast ? uri.length - literal.length : uri.indexOf(literal, at + 1)
}

function decode(raw: string, variable: Variable): string | undefined {
  if (raw === '' || /[?#]/.test(raw) || (variable.isSegment && raw.includes('/'))) return undefined
  try {
    const value = decodeURIComponent(raw)
    // An encoded slash or a dot segment would let one segment reach into another (CVE-2025-53109 and its kin); so would a
    // backslash where paths are Windows', and a NUL cuts a name short for whatever is written in C.
    const segments = value.split(/[/\\]/)
    if (value.includes('\0') || segments.some((segment) => segment === '..' || segment === '.')) return undefined
    return variable.isSegment && segments.length > 1 ? undefined : value
  } catch {
    return undefined
  }
}
