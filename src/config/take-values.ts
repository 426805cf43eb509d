import type { ConfigPath } from './config-issue.ts'
import { isPlainObject, pathKey } from './config-path.ts'
import { type Environment, interpolateEnv } from './interpolate-env.ts'
import type { Mistake } from './mistake.ts'

/** A value that came from the environment in part or whole. */
export interface Origin {
  readonly path: ConfigPath
  /** As it is written: `${PORT:-3000}`. */
  readonly written: string
  readonly variables: readonly string[]
}

/** The values of a config file with the environment filled in; plain objects, arrays and scalars of their own. */
export interface TakenValues {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** By `pathKey`. */
  readonly origins: ReadonlyMap<string, Origin>
}

/** More values than any configuration has: what exceeds it is expanded aliases. */
const MAX_VALUES = 100_000
const MAX_DEPTH = 32

/**
 * Copies the values of a config file and fills in the environment. Refuses what no configuration holds: cycles, huge
 * expansions, instances of classes, and names that every object inherits, such as `__proto__`.
 */
export function takeValues(root: unknown, env: Environment): TakenValues {
  const taking: Taking = { env, mistakes: [], origins: new Map(), ancestors: new Set(), left: MAX_VALUES }
  const value = take(root, [], taking)
  if (taking.left < 0) {
    const tooMany: Mistake = {
      path: [],
      at: 'value',
      problem: 'holds too many values',
      expected: `at most ${MAX_VALUES}`,
    }
    return { value: undefined, mistakes: [tooMany], origins: new Map() }
  }
  return { value, mistakes: taking.mistakes, origins: taking.origins }
}

interface Taking {
  readonly env: Environment
  readonly mistakes: Mistake[]
  readonly origins: Map<string, Origin>
  readonly ancestors: Set<unknown>
  left: number
}

function take(value: unknown, path: ConfigPath, taking: Taking): unknown {
  taking.left--
  if (taking.left < 0) return undefined
  if (typeof value === 'string') return takeText(value, path, taking)
  if (typeof value !== 'object' || value === null) return value
  const refusal = refuse(value, path, taking)
  if (refusal !== undefined) {
    taking.mistakes.push({ path, at: 'value', ...refusal })
    return undefined
  }
  taking.ancestors.add(value)
  const taken = Array.isArray(value)
    ? value.map((item, index) => take(item, [...path, index], taking))
    : takeEntries(value as Record<string, unknown>, path, taking)
  taking.ancestors.delete(value)
  return taken
}

function refuse(value: object, path: ConfigPath, taking: Taking): Pick<Mistake, 'problem' | 'expected'> | undefined {
  if (taking.ancestors.has(value)) return { problem: 'contains itself' }
  if (path.length > MAX_DEPTH) return { problem: 'is nested too deeply' }
  if (!Array.isArray(value) && !isPlainObject(value)) {
    return { problem: 'is an instance of a class', expected: 'a plain value' }
  }
  return undefined
}

function takeEntries(from: Record<string, unknown>, path: ConfigPath, taking: Taking): Record<string, unknown> {
  const taken: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(from)) {
    if (value === undefined) continue
    if (key in Object.prototype) {
      const expected = 'a name that is not built into every object'
      taking.mistakes.push({ path: [...path, key], at: 'key', problem: 'is no possible name', expected })
      continue
    }
    taken[key] = take(value, [...path, key], taking)
  }
  return taken
}

function takeText(written: string, path: ConfigPath, taking: Taking): unknown {
  const { text, variables, missing, isMalformed } = interpolateEnv(written, taking.env)
  if (isMalformed) {
    const expected = `\${NAME}, \${NAME:-default}, or $\${ for a literal \${`
    taking.mistakes.push({ path, at: 'value', problem: `has a \${ that opens no reference`, expected })
  }
  for (const name of new Set(missing)) {
    const expected = `it to be set, or a default: \${${name}:-…}`
    const problem = `needs the environment variable ${name}, which is not set`
    taking.mistakes.push({ path, at: 'value', problem, expected })
  }
  if (variables.length > 0) taking.origins.set(pathKey(path), { path, written, variables })
  return text
}
