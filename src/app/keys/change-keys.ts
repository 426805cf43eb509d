import { type AuditTrail, toEntry } from '../../audit/audit-trail.ts'
import type { Config } from '../../config/config.ts'
import type { KeyStore, StoredKey } from '../../storage/key-store.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { createAuditTrail } from '../audit.ts'
import { type KeyChange, toKeyChanged } from './record-key-change.ts'

/** What became of a change, and what the trail should say of it. */
export interface Changed<Result> {
  readonly result: Result
  readonly changes: readonly KeyChange[]
}

/** For how long a revoked key is kept, so that its use is recognised. */
const KEEP_REVOKED_MS = 90 * 86_400_000

/**
 * Changes the stored keys and records that in the audit trail; on disk when it resolves. Keys that were revoked 90 days ago are
 * forgotten on the way. Rejects with `AUDIT_UNAVAILABLE` where the change is made but could not be recorded.
 */
export async function changeKeys<Result>(
  config: Config,
  change: (store: KeyStore, now: string) => Changed<Result>,
): Promise<Result> {
  const storage = openStorage({ directory: config.storage.directory })
  const audit = createAuditTrail(config, { clock: Date.now, observer: () => undefined })
  try {
    const now = Date.now()
    const { result, changes } = change(storage.keys, new Date(now).toISOString())
    const swept = storage.keys.sweep(new Date(now - KEEP_REVOKED_MS).toISOString())
    await record(audit, [...changes, ...swept.map((key): KeyChange => ({ change: 'removed', key }))], now)
    return result
  } finally {
    await audit.close()
    storage.close()
  }
}

async function record(audit: AuditTrail, changes: readonly KeyChange[], now: number): Promise<void> {
  for (const each of changes) audit.append(toEntry(toKeyChanged(each, now)))
  if (changes.length > 0) await audit.flush()
}

/**
 * Gives the client of a key a new one with the same rights and lets those before end then. Rejects as the store does, and with
 * `AUDIT_UNAVAILABLE`. Answers the keys that end.
 */
export function rotateApiKey(config: Config, next: StoredKey, endsAt: string): Promise<readonly StoredKey[]> {
  const { clientId = next.id } = next
  return changeKeys(config, (store) => {
    const ended = store.rotate({ key: { ...next, clientId }, endsAt })
    const rotated = ended.map((key): KeyChange => ({ change: 'rotated', key }))
    return { result: ended, changes: [{ change: 'added', key: next }, ...rotated] }
  })
}

/** Revokes keys at once; a running server refuses them within two seconds. Answers those that are revoked now. */
export function revokeApiKeys(config: Config, ids: readonly string[], reason?: string): Promise<readonly StoredKey[]> {
  return changeKeys(config, (store, at) => {
    const revocation = { at, ...(reason === undefined ? {} : { reason }) }
    const revoked = ids.map((id) => store.revoke(id, revocation)).filter((key) => key !== undefined)
    return { result: revoked, changes: revoked.map((key) => ({ change: 'revoked', key })) }
  })
}
