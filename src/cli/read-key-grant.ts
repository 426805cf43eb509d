import { isAddressRange, type NewKey } from '../app/keys/make-key.ts'
import type { Config } from '../config/config.ts'
import type { Options } from './command.ts'
import { readExpiry } from './read-expiry.ts'
import { checkRoles } from './serving.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

type Claims = NonNullable<NewKey['claims']>

/** What a new key may do, as the options of `keys new` say it. Throws `UsageError`. */
export function readKeyGrant(config: Config, options: Options): Omit<NewKey, 'name'> {
  const roles = options.all('role')
  checkRoles(config, roles)
  const tenant = options.text('tenant')
  const when = options.text('expires')
  const rateClass = options.text('rate-class')
  const scopes = options.all('scope')
  const allowFrom = options.all('allow-from')
  const claims = readClaims(options.all('claim'))
  for (const scope of scopes) checkScope(scope)
  for (const range of allowFrom) checkRange(range)
  if (rateClass !== undefined) checkClass(config, rateClass)
  return {
    roles,
    ...(tenant === undefined ? {} : { tenant }),
    ...(scopes.length === 0 ? {} : { scopes }),
    ...(claims === undefined ? {} : { claims }),
    ...(when === undefined ? {} : { expiresAt: readExpiry(when, Date.now()) }),
    ...(allowFrom.length === 0 ? {} : { allowFrom }),
    ...(rateClass === undefined ? {} : { rateClass }),
  }
}

const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function checkScope(scope: string): void {
  if (SCOPE.test(scope)) return
  throw new UsageError('--scope is no scope.', 'A scope has no spaces, quotes or backslashes: crm:read.')
}

function checkRange(range: string): void {
  if (isAddressRange(range)) return
  throw new UsageError(
    `--allow-from is ${range}, which is no address and no CIDR range.`,
    'Write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32; bits beyond the prefix must be 0.',
  )
}

function checkClass({ limits }: Config, name: string): void {
  if (Object.hasOwn(limits.classes, name)) return
  const known = Object.keys(limits.classes)
  const otherwise =
    known.length === 0
      ? 'The configuration has none; write them under limits.classes.'
      : `The configuration has: ${known.join(', ')}.`
  throw new UsageError(`There is no rate class \`${name}\`.`, suggest(name, known, otherwise))
}

const CLAIM = /^([A-Za-z0-9_.:/-]{1,128})=(.*)$/s

function readClaims(given: readonly string[]): Claims | undefined {
  if (given.length === 0) return undefined
  return Object.fromEntries(
    given.map((text) => {
      const [, name = '', value = ''] = CLAIM.exec(text) ?? []
      if (name === '') throw new UsageError(`--claim is ${text}; expected NAME=VALUE.`, 'Such as --claim region=eu.')
      return [name, value]
    }),
  )
}
