import { nearestSpelling } from '../nearest-spelling.ts'
import { limitOptions } from '../pipeline/options.ts'
import { checkCertificates } from './check-certificates.ts'
import { checkKeys } from './check-keys.ts'
import type { ConfigPath } from './config-issue.ts'
import { isPlainObject, pathKey, valueAt } from './config-path.ts'
import { oneOf } from './describe-schema.ts'
import type { Mistake } from './mistake.ts'
import { showValue } from './show-value.ts'
import type { Origin } from './take-values.ts'

/** What the checks of one part against another look at: values that may still be wrong in themselves. */
export interface CrossChecked {
  readonly value: unknown
  readonly origins: ReadonlyMap<string, Origin>
  /** Names of connectors that are made in code. */
  readonly knownConnectors: readonly string[]
}

/**
 * Finds what only shows when options are seen together: roles and connectors that are referred to but do not exist,
 * names given twice, limits that contradict each other, anonymous callers from outside. Works on values that the schema
 * refused, too, so that everything is told at once.
 */
export function crossCheck(checked: CrossChecked): readonly Mistake[] {
  return [
    ...findRepeated(checked, ['connectors'], 'name'),
    ...findRepeated(checked, ['access', 'rules'], 'name'),
    ...checkKeys(checked),
    ...findRepeated(checked, ['access', 'certificates', 'rules'], 'match'),
    ...findRepeatedSinks(checked),
    ...checkRoleReferences(checked),
    ...checkClassReferences(checked),
    ...checkConnectorReferences(checked),
    ...checkAnonymous(checked),
    ...findRepeated(checked, ['access', 'oauth', 'issuers'], 'issuer'),
    ...checkOAuth(checked),
    ...checkPublicUrl(checked),
    ...checkEmbeddedUrl(checked),
    ...findRepeated(checked, [...EMBEDDED, 'clients'], 'id'),
    ...checkDeadlines(checked),
    ...checkCertificates(checked.value),
  ]
}

function findRepeated(checked: CrossChecked, list: ConfigPath, option: string): Mistake[] {
  const seen = new Set<unknown>()
  const mistakes: Mistake[] = []
  for (const index of listAt(checked.value, list).keys()) {
    const path = [...list, index, option]
    const value = valueAt(checked.value, path)
    if (typeof value === 'string' && seen.has(value)) {
      const problem = `is ${showValue(value, path, checked.origins)} again`
      mistakes.push({ path, at: 'value', problem, expected: `another ${option} for each` })
    }
    seen.add(value)
  }
  return mistakes
}

/** A sink without a name is called by its type. */
function findRepeatedSinks(checked: CrossChecked): Mistake[] {
  const list: ConfigPath = ['audit', 'sinks']
  const seen = new Set<unknown>()
  return [...listAt(checked.value, list).keys()].flatMap((index): Mistake[] => {
    const given = valueAt(checked.value, [...list, index, 'name'])
    const name = given ?? valueAt(checked.value, [...list, index, 'type'])
    const isAgain = typeof name === 'string' && seen.has(name)
    seen.add(name)
    if (!isAgain) return []
    const path = [...list, index, given === undefined ? 'type' : 'name']
    const problem = `is ${showValue(name, path, checked.origins)} again`
    return [{ path, at: 'value', problem, expected: 'another `name` for each sink' }]
  })
}

function checkRoleReferences(checked: CrossChecked): Mistake[] {
  const holders: ConfigPath[] = [
    ...listAt(checked.value, ['access', 'keys']).map((_, index) => ['access', 'keys', index]),
    ['access', 'local'],
    ['access', 'anonymous'],
    ...listAt(checked.value, [...EMBEDDED, 'clients']).map((_, index) => [...EMBEDDED, 'clients', index, 'machine']),
    ...listAt(checked.value, ['access', 'rules']).map((_, index) => ['access', 'rules', index]),
    ...listAt(checked.value, ['access', 'certificates', 'rules']).map((_, index) => [
      'access',
      'certificates',
      'rules',
      index,
    ]),
  ]
  const issuers = listAt(checked.value, ['access', 'oauth', 'issuers']).map(
    (_, index): ConfigPath => ['access', 'oauth', 'issuers', index],
  )
  const names = keysAt(checked.value, ['access', 'roles'])
  const paths = holders.flatMap((holder) =>
    listAt(checked.value, [...holder, 'roles']).map((_, index) => [...holder, 'roles', index]),
  )
  const granted = issuers.flatMap((issuer) => rolesOfIssuer(checked, issuer))
  const referred = { names, shown: names, none: 'a role that `access.roles` defines' }
  return checkReferences(checked, [...paths, ...granted], referred)
}

function rolesOfIssuer(checked: CrossChecked, issuer: ConfigPath): readonly ConfigPath[] {
  const mapped = keysAt(checked.value, [...issuer, 'roles']).map((name): ConfigPath => [...issuer, 'roles', name])
  const lists: readonly ConfigPath[] = [[...issuer, 'defaultRoles'], ...mapped]
  return lists.flatMap((list) => listAt(checked.value, list).map((_, index) => [...list, index]))
}

/** What only shows when the options of OAuth are seen together. */
function checkOAuth(checked: CrossChecked): Mistake[] {
  const path: ConfigPath = ['access', 'oauth', 'issuers']
  const issuers = listAt(checked.value, path)
  const opaque = issuers.filter(
    (one) => isPlainObject(one) && (one.introspection !== undefined || one.preset === 'google'),
  )
  const mistakes: Mistake[] = issuers.flatMap((one, index) => {
    if (!isPlainObject(one) || one.preset !== 'google' || one.audience !== undefined) return []
    const expected = '`audience`: the client IDs whose users may come, as Google issues tokens for no resource'
    return [{ path: [...path, index], at: 'value', problem: 'has no `audience`', expected }]
  })
  if (opaque.length <= 1) return mistakes
  const problem = 'has several issuers that are asked about opaque tokens, which do not say whose they are'
  return [...mistakes, { path, at: 'key', problem, expected: '`introspection` for one issuer alone' }]
}

/** Tokens are for a URL, so it must be known. */
function checkPublicUrl(checked: CrossChecked): Mistake[] {
  const path: ConfigPath = ['access', 'oauth']
  const host = valueAt(checked.value, ['server', 'host'])
  if (valueAt(checked.value, path) === undefined || typeof host !== 'string' || isLoopback(host)) return []
  if (valueAt(checked.value, ['server', 'publicUrl']) !== undefined) return []
  // It has a sentence of its own.
  if (valueAt(checked.value, EMBEDDED) !== undefined) return []
  const expected = '`server.publicUrl`, such as https://mcp.example.com: tokens are issued for that URL'
  return [{ path, at: 'key', problem: 'does not say under which URL clients reach the server', expected }]
}

function checkClassReferences(checked: CrossChecked): Mistake[] {
  const names = keysAt(checked.value, ['limits', 'classes'])
  const paths = listAt(checked.value, ['access', 'keys']).map((_, index) => ['access', 'keys', index, 'rateClass'])
  return checkReferences(checked, paths, { names, shown: names, none: 'a class that `limits.classes` defines' })
}

function checkConnectorReferences(checked: CrossChecked): Mistake[] {
  const connectors = listAt(checked.value, ['connectors'])
  const own = connectors.map((_, index): ConfigPath => ['connectors', index, 'name'])
  const ownNames = own.map((path) => valueAt(checked.value, path)).filter((name) => typeof name === 'string')
  const names = [...ownNames, ...checked.knownConnectors]
  const hidden = own.filter((path) => checked.origins.has(pathKey(path))).map((path) => valueAt(checked.value, path))
  const paths = keysAt(checked.value, ['access', 'roles']).flatMap((role) =>
    ['allow', 'deny'].flatMap((effect) => {
      const selectors: ConfigPath = ['access', 'roles', role, effect]
      return listAt(checked.value, selectors).map((_, index) => [...selectors, index, 'connector'])
    }),
  )
  const lists: readonly ConfigPath[] = [
    ['limits', 'rules'],
    ['access', 'rules'],
  ]
  const rules = lists.flatMap((list) =>
    listAt(checked.value, list).map((_, index): ConfigPath => [...list, index, 'select', 'connector']),
  )
  const shown = names.filter((name) => !hidden.includes(name))
  return checkReferences(checked, [...paths, ...rules], { names, shown, none: 'a connector that `connectors` lists' })
}

interface Referred {
  readonly names: readonly string[]
  /** Those that may be told: what came from the environment may not. */
  readonly shown: readonly string[]
  /** What is expected where there is no name to tell. */
  readonly none: string
}

function checkReferences(checked: CrossChecked, paths: readonly ConfigPath[], referred: Referred): Mistake[] {
  const { names, shown, none } = referred
  return paths.flatMap((path) => {
    const name = valueAt(checked.value, path)
    if (typeof name !== 'string' || name === '' || names.includes(name)) return []
    const suggestion = checked.origins.has(pathKey(path)) ? undefined : nearestSpelling(name, shown)
    const problem = `is ${showValue(name, path, checked.origins)}, which does not exist`
    const expected = shown.length === 0 ? none : oneOf(shown)
    return [{ path, at: 'value', problem, expected, ...(suggestion === undefined ? {} : { suggestion }) }]
  })
}

function checkAnonymous(checked: CrossChecked): Mistake[] {
  const path: ConfigPath = ['access', 'anonymous']
  const host = valueAt(checked.value, ['server', 'host'])
  if (valueAt(checked.value, path) === undefined || typeof host !== 'string' || isLoopback(host)) return []
  const shown = showValue(host, ['server', 'host'], checked.origins)
  const expected = 'a loopback address such as 127.0.0.1 as `server.host`, or API keys instead of anonymous callers'
  return [{ path, at: 'key', problem: `would let everybody in who reaches ${shown}`, expected }]
}

const EMBEDDED: ConfigPath = ['access', 'oauth', 'embedded']

/** Whoever is to sign in from elsewhere has to be told where; what stands under the origin belongs to one server. */
function checkEmbeddedUrl(checked: CrossChecked): Mistake[] {
  if (valueAt(checked.value, EMBEDDED) === undefined) return []
  const path: ConfigPath = ['server', 'publicUrl']
  const url = valueAt(checked.value, path)
  if (typeof url === 'string' && URL.parse(url)?.pathname !== '/') {
    const expected = 'an origin without a path beside `access.oauth.embedded`, such as https://tools.example.com'
    return [{ path, at: 'value', problem: `is ${showValue(url, path, checked.origins)}`, expected }]
  }
  const host = valueAt(checked.value, ['server', 'host'])
  if (url !== undefined || typeof host !== 'string' || isLoopback(host)) return []
  const expected =
    '`server.publicUrl`, the origin under which browsers reach the server, such as https://tools.example.com'
  return [{ path: EMBEDDED, at: 'key', problem: 'does not know where the server is reached', expected }]
}

/** Whether only this machine reaches the address. */
function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)
}

function checkDeadlines(checked: CrossChecked): Mistake[] {
  const given = valueAt(checked.value, ['limits'])
  const defaults = limitOptions.parse({})
  const { deadlineMs, maxDeadlineMs } = { ...defaults, ...(isPlainObject(given) ? given : {}) }
  if (typeof deadlineMs !== 'number' || typeof maxDeadlineMs !== 'number' || deadlineMs <= maxDeadlineMs) return []
  const option = isPlainObject(given) && Object.hasOwn(given, 'deadlineMs') ? 'deadlineMs' : 'maxDeadlineMs'
  const path = ['limits', option]
  const shown = showValue(valueAt(checked.value, path), path, checked.origins)
  const expected = '`limits.deadlineMs` to be no longer than `limits.maxDeadlineMs`'
  return [{ path, at: 'value', problem: `is ${shown}`, expected }]
}

function listAt(root: unknown, path: ConfigPath): readonly unknown[] {
  const value = valueAt(root, path)
  return Array.isArray(value) ? value : []
}

function keysAt(root: unknown, path: ConfigPath): readonly string[] {
  const value = valueAt(root, path)
  return isPlainObject(value) ? Object.keys(value) : []
}
