import type { Adapter, AdapterPayload } from 'oidc-provider'
import type { OAuthStore, RecordBound, StoredGrantRecord } from '../storage/oauth-store.ts'
import { createDigest, type Secrets } from './seal.ts'

interface Parts {
  readonly store: OAuthStore
  readonly secrets: Secrets
  readonly clock: () => number
  readonly maxClients: number
  readonly clientTtlMs: number
  /** What oidc-provider is to answer instead of going on. */
  readonly refuse: (why: 'full' | 'replay' | 'used') => Error
  readonly revoked: (grantId: string) => void
}

/** The models that strangers can cause to be kept give way; what proves something or was agreed on is never pushed out. */
const BOUNDS: Readonly<Record<string, RecordBound>> = {
  Session: { max: 10_000, whenFull: 'evict' },
  Interaction: { max: 10_000, whenFull: 'evict' },
  ReplayDetection: { max: 100_000, whenFull: 'refuse' },
}
const OTHERS: RecordBound = { max: 100_000, whenFull: 'refuse' }

/** The digests under which records are kept. */
export function createRecordIds(secrets: Secrets): (model: string, id: string) => string {
  const digest = createDigest(secrets, 'oauth record ids')
  return (model, id) => digest(`${model} ${id}`)
}

/**
 * The storage of oidc-provider: ids as digests, contents sealed, `consume` for one caller alone, `ReplayDetection` for one
 * use. What was used twice takes everything with it that came from the same grant (OAuth 2.1 §4.1.3, §4.3.1).
 */
export function createRecords(parts: Parts): (model: string) => Adapter {
  const idOf = createRecordIds(parts.secrets)
  return (model) => new Records(model, parts, idOf)
}

class Records implements Adapter {
  readonly #model: string
  readonly #parts: Parts
  readonly #idOf: (model: string, id: string) => string

  constructor(model: string, parts: Parts, idOf: (model: string, id: string) => string) {
    this.#model = model
    this.#parts = parts
    this.#idOf = idOf
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    const { store, clock, refuse, clientTtlMs, maxClients } = this.#parts
    const now = clock()
    const isClient = this.#model === 'Client'
    const record = this.#toRecord(id, payload, now + (isClient ? clientTtlMs : expiresIn * 1000))
    const bound = isClient ? { max: maxClients, whenFull: 'refuse' as const } : (BOUNDS[this.#model] ?? OTHERS)
    const isOnce = this.#model === 'ReplayDetection'
    const isKept = isOnce ? store.add(record, bound, now) : store.put(record, bound, now)
    if (!isKept) throw refuse(isOnce ? 'replay' : 'full')
  }

  #toRecord(id: string, payload: AdapterPayload, expiresAt: number): StoredGrantRecord {
    const key = this.#idOf(this.#model, id)
    const { grantId, accountId, uid, consumed, ...rest } = payload
    const grant = this.#model === 'Interaction' ? undefined : grantId
    return {
      model: this.#model,
      id: key,
      ...(grant === undefined ? {} : { grantId: this.#idOf('Grant', grant) }),
      ...(accountId === undefined ? {} : { accountId }),
      ...(uid === undefined ? {} : { uid: this.#idOf('uid', uid) }),
      expiresAt,
      ...(typeof consumed === 'number' ? { consumedAt: consumed * 1000 } : {}),
      data: this.#parts.secrets.sealer.seal({ ...rest, grantId, accountId, uid }, `${this.#model} ${key}`),
    }
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const { store, clock } = this.#parts
    return this.#toPayload(store.find(this.#model, this.#idOf(this.#model, id), clock()))
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const { store, clock } = this.#parts
    return this.#toPayload(store.findByUid(this.#model, this.#idOf('uid', uid), clock()))
  }

  #toPayload(record: StoredGrantRecord | undefined): AdapterPayload | undefined {
    if (record === undefined) return undefined
    const opened = this.#parts.secrets.sealer.open(record.data, `${this.#model} ${record.id}`)
    if (opened === undefined) return undefined
    const { consumedAt } = record
    return { ...(opened as AdapterPayload), ...(consumedAt === undefined ? {} : { consumed: consumedAt / 1000 }) }
  }

  /** User codes belong to the device flow, which is off. */
  async findByUserCode(): Promise<undefined> {
    return undefined
  }

  async consume(id: string): Promise<void> {
    const { store, clock, refuse } = this.#parts
    if (store.consume(this.#model, this.#idOf(this.#model, id), clock())) return
    // Somebody else was first, perhaps in another process: one of the two has stolen it.
    const { grantId } = (await this.find(id)) ?? {}
    if (grantId !== undefined) await this.revokeByGrantId(grantId)
    throw refuse('used')
  }

  async destroy(id: string): Promise<void> {
    this.#parts.store.remove(this.#model, this.#idOf(this.#model, id))
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    if (this.#parts.store.removeGrant(this.#idOf('Grant', grantId))) this.#parts.revoked(grantId)
  }
}
