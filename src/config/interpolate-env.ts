/** The environment of the process or what a test puts in its place. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A text with its references replaced. */
export interface Interpolated {
  readonly text: string
  /** Names of the variables it refers to, set or not. */
  readonly variables: readonly string[]
  /** Those that are not set and have no default. */
  readonly missing: readonly string[]
  /** Whether a `${` opens something that is no reference. */
  readonly isMalformed: boolean
}

const REFERENCE = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|\$\{/g

/**
 * Replaces `${NAME}` by the variable and `${NAME:-default}` by the variable or, when it is unset or empty, the default;
 * `$${` is a literal `${`. What a variable holds is taken as it is and not looked through again.
 */
export function interpolateEnv(text: string, env: Environment): Interpolated {
  const variables: string[] = []
  const missing: string[] = []
  let isMalformed = false
  const replaced = text.replace(REFERENCE, (match: string, name?: string, fallback?: string) => {
    if (match === `$\${`) return `\${`
    if (name === undefined) {
      isMalformed = true
      return match
    }
    variables.push(name)
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) missing.push(name)
    return value ?? ''
  })
  return { text: replaced, variables, missing, isMalformed }
}

/** The text as it must be written so that `interpolateEnv` gives it back. */
export function escapeReferences(text: string): string {
  return text.replaceAll(`\${`, () => `$\${`)
}
