import type { ScopeOptions } from './options.ts'

/** Whether scopes that somebody has include one that is wanted: it is among them, or one of them implies it. */
export type IncludesScope = (given: readonly string[], wanted: string) => boolean

/**
 * Compiles which scopes imply which others, over any number of steps. Scopes that imply each other are the same one.
 */
export function compileScopes(options: Readonly<Record<string, ScopeOptions>>): IncludesScope {
  const impliers = new Map<string, Set<string>>()
  for (const scope of Object.keys(options)) {
    for (const implied of impliedBy(scope, options)) {
      const known = impliers.get(implied) ?? new Set()
      impliers.set(implied, known.add(scope))
    }
  }
  return (given, wanted) => {
    if (given.includes(wanted)) return true
    const enough = impliers.get(wanted)
    return enough !== undefined && given.some((scope) => enough.has(scope))
  }
}

/** What a scope implies, itself left out. */
function impliedBy(scope: string, options: Readonly<Record<string, ScopeOptions>>): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [scope]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const implied of Object.hasOwn(options, next) ? (options[next]?.implies ?? []) : []) {
      if (implied === scope || found.has(implied)) continue
      found.add(implied)
      open.push(implied)
    }
  }
  return found
}
