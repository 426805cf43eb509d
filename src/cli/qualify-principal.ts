import type { Options } from './command.ts'
import type { NamedPrincipal } from './name-principal.ts'
import { UsageError } from './usage-error.ts'

/** What a credential says beside who holds it; takes the place of what a key states. */
export interface Qualities {
  readonly kind?: 'api-key' | 'oauth' | 'certificate'
  readonly tenant?: string
  readonly user?: string
  readonly scopes?: readonly string[]
  readonly claims?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** The principal with these qualities, which its text tells. */
export function qualifyPrincipal({ principal, text }: NamedPrincipal, qualities: Qualities): NamedPrincipal {
  const { kind, tenant, user, scopes, claims = {} } = qualities
  const told = [
    ...(kind === undefined ? [] : [`by ${kind}`]),
    ...(tenant === undefined ? [] : [`tenant ${tenant}`]),
    ...(user === undefined ? [] : [`user ${user}`]),
    ...(scopes === undefined ? [] : [scopes.length === 0 ? 'no scope' : `scope ${scopes.join(' ')}`]),
    ...Object.entries(claims).map(([name, value]) => `claim ${name}=${String(value)}`),
  ]
  if (told.length === 0) return { principal, text }
  const merged = { ...principal.claims, ...claims }
  return {
    principal: { ...principal, ...qualities, ...(Object.keys(merged).length === 0 ? {} : { claims: merged }) },
    text: `${text}, ${told.join(', ')}`,
  }
}

/** Reads `--kind`, `--tenant`, `--user`, `--scope` and `--claim`. Throws `UsageError`. */
export function readQualities(options: Options): Qualities {
  const [kind, tenant, user] = ['kind', 'tenant', 'user'].map((name) => options.text(name))
  return {
    ...(kind === undefined ? {} : { kind: requireKind(kind) }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user }),
    // `--scope ''` is a credential that is given none.
    ...(options.has('scope') ? { scopes: options.all('scope').flatMap(splitWords) } : {}),
    ...(options.has('claim') ? { claims: Object.fromEntries(options.all('claim').map(readClaim)) } : {}),
  }
}

const KINDS = ['api-key', 'oauth', 'certificate'] as const

function requireKind(given: string): (typeof KINDS)[number] {
  const kind = KINDS.find((each) => each === given)
  if (kind !== undefined) return kind
  throw new UsageError(`--kind ${given} is no kind of credential.`, `There are: ${KINDS.join(', ')}.`)
}

function splitWords(given: string): string[] {
  return given.split(/[\s,]+/).filter((word) => word !== '')
}

/** What is JSON of a claim is taken as that, so that `admin=true` is no text. */
function readClaim(given: string): [string, string | number | boolean | readonly string[]] {
  const at = given.indexOf('=')
  if (at <= 0) throw new UsageError(`--claim ${given} has no value.`, 'Write it as NAME=VALUE: --claim region=eu.')
  const text = given.slice(at + 1)
  return [given.slice(0, at), readValue(text)]
}

function readValue(text: string): string | number | boolean | readonly string[] {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  } catch {
    // A plain word.
  }
  return text
}
