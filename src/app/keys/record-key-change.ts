import { isDeepStrictEqual } from 'node:util'
import { type AuditTrail, toEntry } from '../../audit/audit-trail.ts'
import type { KeyChanged } from '../../audit/key-changed.ts'
import type { Config } from '../../config/config.ts'
import { isoTime } from '../../observe/iso-time.ts'
import type { StoredKey } from '../../storage/key-store.ts'

/** What became of a key. */
export interface KeyChange {
  readonly change: KeyChanged['change']
  readonly key: Omit<StoredKey, 'createdAt'>
}

/** The record of a change. */
export function toKeyChanged({ change, key }: KeyChange, now: number): KeyChanged {
  const { id, clientId, roles, revokedAt, revokedFor } = key
  return {
    event: 'key.changed',
    time: isoTime(now),
    change,
    keyId: id,
    ...(clientId === undefined ? {} : { clientId }),
    roles,
    ...(change === 'rotated' && revokedAt !== undefined ? { endsAt: revokedAt } : {}),
    ...(change === 'revoked' && revokedFor !== undefined ? { reason: revokedFor } : {}),
  }
}

/** Records what a new configuration changes in its keys. */
export function recordConfigKeys(
  audit: AuditTrail,
  { before, after, now }: { readonly before: Config; readonly after: Config; readonly now: number },
): void {
  const old = new Map(before.access.keys.map((key) => [key.id, key]))
  const changes = after.access.keys.flatMap((key): KeyChange[] => {
    const known = old.get(key.id)
    old.delete(key.id)
    if (known === undefined) return [{ change: 'added', key }]
    return isDeepStrictEqual(known, key) ? [] : [{ change: 'changed', key }]
  })
  const removed = [...old.values()].map((key): KeyChange => ({ change: 'removed', key }))
  for (const each of [...changes, ...removed]) audit.append(toEntry(toKeyChanged(each, now)))
}
