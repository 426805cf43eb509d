import type { Principal } from '../principal.ts'
import type { IssuerSettings, Path } from './issuer-settings.ts'

/** What a token states, before it is believed. */
export type Claims = Readonly<Record<string, unknown>>

const MAX_TEXT = 512
const MAX_ENTRIES = 256

/**
 * The principal that a token of an issuer describes, or, as text, why it describes none. A claim that is there but of the wrong
 * kind is a refusal, not an absence: what a rule goes by must not vanish. Only own members are read.
 */
export function mapClaims(claims: Claims, settings: IssuerSettings): Principal | string {
  const { claims: paths, issuer } = settings
  const subject = textAt(claims, ['sub'])
  if (subject === undefined) return 'no subject'
  const client = paths.client.map((path) => textAt(claims, path)).find((found) => found !== undefined)
  if (client === undefined) return 'no client'
  const roles = rolesOf(claims, settings)
  const scopes = scopesOf(claims, paths.scopes)
  if (roles === undefined) return 'the roles are no list of texts'
  if (scopes === undefined) return 'the scopes are no list of texts'
  const tenant = paths.tenant === undefined ? undefined : textAt(claims, paths.tenant)
  if (paths.tenant !== undefined && tenant === undefined) return 'no tenant'
  const further = furtherOf(claims, paths.further)
  if (further === undefined) return 'a further claim is of the wrong kind'
  // RFC 9068 §2.2: a client that acts for itself is its own subject, so no person is behind it.
  const user = subject === client ? undefined : textAt(claims, paths.user)
  return Object.freeze({
    id: `oauth:${issuer}:${encodeURIComponent(subject)}`,
    name: user ?? client,
    kind: 'oauth',
    clientId: client,
    roles: Object.freeze(roles),
    ...(scopes === 'all' ? {} : { scopes: Object.freeze(scopes) }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user }),
    ...(paths.further.length === 0 ? {} : { claims: further }),
    ...(typeof claims.exp === 'number' ? { expiresAt: claims.exp * 1000 } : {}),
  })
}

/** What lies at a path of own members; `undefined` where there is nothing. */
function valueAt(claims: Claims, path: Path): unknown {
  let value: unknown = claims
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
      return undefined
    value = (value as Claims)[name]
  }
  return value
}

/** A text of sane length, in well-formed Unicode and without control characters: it gets into ids, logs and records. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT && !/[\p{Cc}\p{Cs}]/u.test(value)
}

function textAt(claims: Claims, path: Path): string | undefined {
  const value = valueAt(claims, path)
  return isText(value) ? value : undefined
}

/** A text is a list of one. `undefined` for what is neither. */
function listOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  const list = Array.isArray(value) ? value : [value]
  return list.length <= MAX_ENTRIES && list.every(isText) ? list : undefined
}

function rolesOf(claims: Claims, { claims: { roles: path }, ...settings }: IssuerSettings): string[] | undefined {
  const { roleMap, knownRoles, defaultRoles } = settings
  const stated = path === undefined ? [] : listOf(valueAt(claims, path))
  if (stated === undefined) return undefined
  const meant = roleMap === undefined ? stated : stated.flatMap((role) => roleMap.get(role) ?? [])
  return [...new Set([...defaultRoles, ...meant])].filter((role) => knownRoles.has(role))
}

/** RFC 8693 §4.2: one text with spaces; some issuers write a list. A token that names none has none. */
function scopesOf(claims: Claims, paths: readonly Path[] | undefined): string[] | 'all' | undefined {
  if (paths === undefined) return 'all'
  const value = paths.map((path) => valueAt(claims, path)).find((found) => found !== undefined)
  if (typeof value === 'string') return [...new Set(value.split(' ').filter((scope) => scope !== ''))]
  const list = listOf(value)
  return list === undefined ? undefined : [...new Set(list)]
}

type Attributes = NonNullable<Principal['claims']>

function furtherOf(claims: Claims, further: IssuerSettings['claims']['further']): Attributes | undefined {
  const found = further.flatMap(([name, path]) => {
    const value = valueAt(claims, path)
    return value === undefined ? [] : [[name, value] as const]
  })
  const isRight = found.every(
    ([, value]) => isText(value) || typeof value === 'number' || typeof value === 'boolean' || isTextList(value),
  )
  // Without a prototype no name that was not stated is found.
  return isRight ? Object.freeze(Object.assign(Object.create(null), Object.fromEntries(found))) : undefined
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && listOf(value) !== undefined
}
