import { checkValues } from './check-values.ts'
import type { ConfigPath } from './config-issue.ts'
import { isPlainObject, pathKey } from './config-path.ts'
import { crossCheck } from './cross-check.ts'
import type { Environment } from './interpolate-env.ts'
import type { Mistake } from './mistake.ts'
import type { CheckedConfig } from './schema.ts'
import { type Origin, takeValues } from './take-values.ts'

/** What the checks need to know beside the values. */
export interface CheckContext {
  readonly env: Environment
  /** Names of connectors that are made in code; selectors may name them. */
  readonly knownConnectors?: readonly string[]
}

/** The outcome of all checks. Without `config` there is at least one mistake. */
export interface CheckedValues {
  readonly config?: CheckedConfig
  readonly mistakes: readonly Mistake[]
  /** Values that came from the environment, by `pathKey`. */
  readonly origins: ReadonlyMap<string, Origin>
}

/** Runs every check over the values of a config file and collects all that is wrong. */
export function checkConfig(written: unknown, context: CheckContext): CheckedValues {
  const listed = listConnectors(expandOAuth(written))
  const taken = takeValues(listed.value, context.env)
  if (!isPlainObject(taken.value)) {
    const expected = 'a mapping of options, such as `connectors: …`'
    const problem =
      taken.value === null || taken.value === undefined ? 'the configuration is empty' : 'this is no configuration'
    const mistakes =
      taken.mistakes.length > 0 ? taken.mistakes : [{ path: [], at: 'value' as const, problem, expected }]
    return { mistakes, origins: taken.origins }
  }
  const checked = checkValues(taken)
  const crossed = crossCheck({
    value: checked.value,
    origins: taken.origins,
    knownConnectors: context.knownConnectors ?? [],
  })
  const later = oneEach([...checked.mistakes, ...crossed], taken.mistakes)
  const mistakes = [...listed.mistakes, ...[...taken.mistakes, ...later].map(listed.toWritten)]
  const isRight = mistakes.length === 0 && checked.config !== undefined
  return { ...(isRight ? { config: checked.config } : {}), mistakes, origins: taken.origins }
}

/** One mistake for each path: what is wrong in two ways is corrected at once. */
function oneEach(mistakes: readonly Mistake[], told: readonly Mistake[]): readonly Mistake[] {
  const paths = new Set(told.map(({ path }) => pathKey(path)))
  return mistakes.filter(({ path }) => {
    const isNew = !paths.has(pathKey(path))
    paths.add(pathKey(path))
    return isNew
  })
}

/** `oauth: embedded` is the mapping with every default. */
function expandOAuth(written: unknown): unknown {
  if (!isPlainObject(written) || !isPlainObject(written.access) || written.access.oauth !== 'embedded') return written
  return { ...written, access: { ...written.access, oauth: { embedded: {} } } }
}

interface ListedConnectors {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** The mistake with the path as the file has it. */
  toWritten(mistake: Mistake): Mistake
}

/** Connectors may be written as a map by name; the schema knows the list. */
function listConnectors(written: unknown): ListedConnectors {
  const connectors = isPlainObject(written) ? written.connectors : undefined
  if (!isPlainObject(written) || !isPlainObject(connectors)) {
    return { value: written, mistakes: [], toWritten: (mistake) => mistake }
  }
  const names = Object.keys(connectors)
  const list = Object.entries(connectors).map(([name, options]) =>
    isPlainObject(options) ? { ...options, name } : options,
  )
  const named = names.filter((name) => {
    const options = connectors[name]
    return isPlainObject(options) && Object.hasOwn(options, 'name')
  })
  const mistakes = named.map((name): Mistake => {
    const expected = 'the key of the map alone as the name'
    return { path: ['connectors', name, 'name'], at: 'key', problem: 'is not an option here', expected }
  })
  const value = { ...written, connectors: list }
  return { value, mistakes, toWritten: (mistake) => ({ ...mistake, ...toMapPath(mistake, names) }) }
}

function toMapPath({ path, at }: Mistake, names: readonly string[]): { path: ConfigPath; at: 'key' | 'value' } {
  const [root, index, ...rest] = path
  const name = root === 'connectors' && typeof index === 'number' ? names[index] : undefined
  if (name === undefined) return { path, at }
  return rest.length === 1 && rest[0] === 'name' && at === 'value'
    ? { path: ['connectors', name], at: 'key' }
    : { path: ['connectors', name, ...rest], at }
}
