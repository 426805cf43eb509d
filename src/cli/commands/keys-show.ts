import type { KeyState, ListedKey } from '../../app/keys/list-keys.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { findListedKeys } from '../find-listed-keys.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { hourText } from './keys.ts'

/** Shows what is known of a key, or of all keys of a name; all but the hash. */
export const showKey: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const config = await openTarget(invocation)
  const { listApiKeys, stateOfKey } = await import('../../app/keys/list-keys.ts')
  const now = Date.now()
  const found = findListedKeys(await listApiKeys(config), positionals[0] ?? '')
  const keys = found.map((key) => ({ ...key, state: stateOfKey(key, now) }))
  if (options.has('json')) terminal.out(`${JSON.stringify({ keys }, null, 2)}\n`)
  else terminal.out(`${keys.map((key) => table(describe(key)).join('\n')).join('\n\n')}\n`)
  return EXIT_CODES.ok
}

function describe(key: ListedKey & { readonly state: KeyState }): string[][] {
  const { id, clientId = id, name, roles, tenant, scopes, claims, allowFrom, rateClass, state } = key
  const { createdAt = 'in the config file', expiresAt, usedAt, revokedAt, revokedFor } = key
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['key', `tg_${id}_…`],
    ['name', name],
    ['principal', `key:${clientId}`],
    ['state', state === 'ending' ? `valid until ${revokedAt}` : state],
    ['roles', roles.join(', ')],
    ['tenant', tenant],
    ['scopes', scopes === undefined ? 'those of its roles' : scopes.join(', ') || 'none'],
    ['claims', claims === undefined ? undefined : JSON.stringify(claims)],
    ['allowed from', allowFrom?.join(', ') ?? 'everywhere'],
    ['rate class', rateClass],
    ['created', createdAt],
    ['expires', expiresAt ?? 'never'],
    ['last used', usedAt === undefined ? undefined : `in the hour ${hourText(usedAt)}`],
    ['revoked', state === 'revoked' ? revokedAt : undefined],
    ['because', revokedFor],
  ]
  return rows.flatMap(([title, value]) => (value === undefined ? [] : [[title, value]]))
}
