import { createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import type { KeyStore, StoredKey } from '../storage/key-store.ts'
import { createMemoryKeyStore } from '../storage/memory/key-store.ts'
import { type AuthenticatorSubject, authenticatorSuite } from '../testkit/authenticator-suite.ts'
import { generateApiKey, hashApiKey } from './api-key.ts'
import { type ApiKeyAuthenticator, createApiKeyAuthenticator } from './api-key-authenticator.ts'
import { type Authentication, isRefusal } from './authenticator.ts'
import { readCredentials } from './credentials.ts'
import type { KeySource } from './find-key.ts'
import { fixedPepper } from './pepper.ts'
import type { Principal } from './principal.ts'
import type { Refusal } from './refusal.ts'

const secret = Buffer.alloc(32, 1)
const pepper = fixedPepper(secret)

interface NewKey {
  readonly text: string
  readonly stored: StoredKey
}

function newKey(more: Partial<StoredKey> = {}): NewKey {
  const { text, id } = generateApiKey()
  const stored = {
    id,
    name: 'ci',
    hash: hashApiKey(text, secret),
    roles: ['reader'],
    createdAt: '2026-11-22T00:00:00.000Z',
    ...more,
  }
  return { text, stored }
}

/** The real store in memory, counting how often it is read. */
function countingStore(
  keys: readonly StoredKey[] = [],
): KeySource & Pick<KeyStore, 'add'> & { reads: number; lists: number; gone: Set<string> } {
  const store = createMemoryKeyStore(keys)
  const counting = {
    reads: 0,
    lists: 0,
    gone: new Set<string>(),
    find: (id: string) => {
      counting.reads += 1
      return counting.gone.has(id) ? undefined : store.find(id)
    },
    add: (key: StoredKey) => store.add(key),
    list: () => {
      counting.lists += 1
      return store.list()
    },
  }
  return counting
}

const send = (authenticator: ApiKeyAuthenticator, text: string, address = '192.0.2.1'): Authentication =>
  authenticator.authenticate(readCredentials({ rawHeaders: ['Authorization', `Bearer ${text}`], url: '/mcp', address }))

function refused(answer: Authentication): Refusal {
  if (!isRefusal(answer)) throw new Error('It was let in.')
  return answer
}

/** The text with a right checksum but another secret. */
function withOtherSecret(text: string): string {
  const forged = `tg_${text.slice(3, 15)}_${generateApiKey().text.slice(16, 59)}`
  return forged + checksumFor(forged)
}

function checksumFor(checked: string): string {
  const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  let rest = crc32(checked)
  let text = ''
  for (let place = 0; place < 6; place += 1) {
    text = (BASE62[rest % 62] ?? '') + text
    rest = Math.floor(rest / 62)
  }
  return text
}

describe('the API key authenticator keeps the contract', () => {
  const createSubject = (): AuthenticatorSubject => {
    const key = newKey()
    return {
      authenticator: createApiKeyAuthenticator({ pepper, stores: [createMemoryKeyStore([key.stored])] }),
      valid: `Bearer ${key.text}`,
      wrong: [
        `Bearer ${generateApiKey().text}`,
        `Bearer ${withOtherSecret(key.text)}`,
        `Bearer ${key.text.slice(0, -1)}-`,
        'Bearer eyJhbGciOiJub25lIn0.e30.',
        'Bearer x',
      ],
    }
  }
  for (const { name, run } of authenticatorSuite(createSubject)) it(name, run)
})

describe('an API key', () => {
  it('of the configuration lets its principal in without touching storage', () => {
    const key = newKey({ tenant: 'acme' })
    const store = countingStore()
    const authenticator = createApiKeyAuthenticator({ pepper, keys: [key.stored], stores: [store] })
    expect(send(authenticator, key.text)).toEqual({
      id: `key:${key.stored.id}`,
      name: 'ci',
      kind: 'api-key',
      credentialId: key.stored.id,
      tenant: 'acme',
      roles: ['reader'],
    })
    expect(store.reads).toBe(0)
  })

  it('added to storage later counts without a restart, and one removed stops counting within two seconds', () => {
    let now = 0
    const store = countingStore()
    const authenticator = createApiKeyAuthenticator({ pepper, stores: [store], clock: () => now })
    const key = newKey()
    refused(send(authenticator, key.text))
    store.add(key.stored)
    now = 2_000
    expect(isRefusal(send(authenticator, key.text))).toBe(false)
    store.gone.add(key.stored.id)
    expect(isRefusal(send(authenticator, key.text))).toBe(false)
    now = 4_000
    refused(send(authenticator, key.text))
  })

  it('is read from storage once in two seconds, also when the clock is set back', () => {
    let now = 10_000
    const key = newKey()
    const store = countingStore([key.stored])
    const authenticator = createApiKeyAuthenticator({ pepper, stores: [store], clock: () => now })
    for (let count = 0; count < 100; count += 1) send(authenticator, key.text)
    expect(store.reads).toBe(1)
    now = 0
    store.gone.add(key.stored.id)
    refused(send(authenticator, key.text))
  })

  it('is found in whichever store has it', () => {
    const key = newKey()
    const stores = [createMemoryKeyStore(), createMemoryKeyStore([key.stored])]
    expect(isRefusal(send(createApiKeyAuthenticator({ pepper, stores }), key.text))).toBe(false)
  })

  it('made under another pepper is not valid', () => {
    const key = newKey()
    const authenticator = createApiKeyAuthenticator({ pepper: fixedPepper(Buffer.alloc(32, 2)), keys: [key.stored] })
    expect(refused(send(authenticator, key.text)).error.code).toBe('UNAUTHENTICATED')
  })

  it('whose stored hash is damaged lets nobody in', () => {
    for (const hash of ['', 'zz', '00', createHmac('sha512', secret).update('x').digest('hex')]) {
      const key = newKey({ hash })
      refused(send(createApiKeyAuthenticator({ pepper, keys: [key.stored] }), key.text))
    }
  })

  it('that has expired is answered like any wrong one, from the moment it says; the log learns why', () => {
    let now = Date.parse('2026-12-31T23:59:59.999Z')
    const key = newKey({ expiresAt: '2027-01-01T00:00:00Z' })
    const authenticator = createApiKeyAuthenticator({ pepper, keys: [key.stored], clock: () => now })
    const principal = send(authenticator, key.text) as Principal
    expect([principal.expiresAt, authenticator.isValid(principal)]).toEqual([now + 1, true])
    now += 1
    const expired = refused(send(authenticator, key.text))
    const unknown = refused(send(authenticator, generateApiKey().text))
    expect({ ...expired, reason: '' }).toEqual({ ...unknown, reason: '' })
    expect(expired.reason).toBe(`expired key ${key.stored.id} (ci)`)
    expect(authenticator.isValid(principal)).toBe(false)
  })

  it('whose end cannot be read lets nobody in', () => {
    const key = newKey({ expiresAt: 'never' })
    refused(send(createApiKeyAuthenticator({ pepper, keys: [key.stored] }), key.text))
  })

  it('that is wrong is told as invalid_token, and the log learns why', () => {
    const key = newKey()
    const authenticator = createApiKeyAuthenticator({ pepper, keys: [key.stored] })
    const wrong = refused(send(authenticator, withOtherSecret(key.text)))
    expect(wrong.challenge).toBe('Bearer realm="toolgate", error="invalid_token"')
    expect(wrong.reason).toBe(`wrong secret for key ${key.stored.id} (ci)`)
    expect(refused(send(authenticator, 'x')).reason).toBe('not an API key')
    const unknown = generateApiKey()
    const answer = refused(send(authenticator, unknown.text))
    expect(answer.reason).toBe(`no key with id ${unknown.id}`)
    expect(answer.reason).not.toContain(unknown.text.slice(16))
  })
})

describe('an address that sends many wrong keys', () => {
  it('is told to wait, and may no longer search storage for ids it invents', () => {
    const store = countingStore()
    const authenticator = createApiKeyAuthenticator({ pepper, stores: [store], clock: () => 0 })
    for (let count = 0; count < 1_000; count += 1) send(authenticator, generateApiKey().text)
    expect(store.reads).toBe(20)
    expect(store.lists).toBe(1)
    const answer = refused(send(authenticator, generateApiKey().text))
    expect(answer.error.code).toBe('RATE_LIMITED')
    expect(answer.retryAfterSeconds).toBe(3)
    expect(answer.error.data).toEqual({ retryAfter: 3 })
  })

  it('learns nothing from the answer about which ids exist', () => {
    const key = newKey()
    const authenticator = createApiKeyAuthenticator({ pepper, keys: [key.stored], clock: () => 0 })
    for (let count = 0; count < 20; count += 1) send(authenticator, 'x')
    const known = refused(send(authenticator, withOtherSecret(key.text)))
    const unknown = refused(send(authenticator, generateApiKey().text))
    expect(known.error).toBe(unknown.error)
    expect(known.challenge).toBe(unknown.challenge)
  })

  it('locks no owner out, not even one behind the same address with a key never seen before', () => {
    let now = 0
    const [known, fresh] = [newKey(), newKey({ name: 'fresh' })]
    const store = countingStore([known.stored])
    const authenticator = createApiKeyAuthenticator({ pepper, stores: [store], clock: () => now })
    for (let count = 0; count < 20_000; count += 1) send(authenticator, generateApiKey().text)
    expect(isRefusal(send(authenticator, known.text))).toBe(false)
    store.add(fresh.stored)
    now = 2_000
    send(authenticator, generateApiKey().text)
    expect(isRefusal(send(authenticator, fresh.text))).toBe(false)
    expect(store.reads).toBeLessThan(30)
  })
})

describe('when the keys cannot be read', () => {
  it('nobody is let in, the answer is 503, and the log hears of it once a minute', () => {
    let now = 0
    const seen: Observation[] = []
    const broken: KeySource = {
      find: () => {
        throw new Error('disk I/O error')
      },
      list: () => [],
    }
    const authenticator = createApiKeyAuthenticator({
      pepper,
      stores: [broken],
      clock: () => now,
      observer: (observation) => seen.push(observation),
    })
    for (let count = 0; count < 5; count += 1) {
      const answer = refused(send(authenticator, generateApiKey().text))
      expect(answer.error.code).toBe('STORAGE_FAILED')
      expect(JSON.stringify([answer.error.message, answer.error.hint])).not.toContain('disk')
    }
    expect(seen).toHaveLength(1)
    now = 60_000
    send(authenticator, generateApiKey().text)
    expect(seen.map(({ type }) => type)).toEqual(['fault', 'fault'])
  })

  it('a key without a pepper to check it with lets nobody in, until the pepper is there', () => {
    const key = newKey()
    let bytes: Uint8Array | undefined
    const late = { read: () => bytes, readOrCreate: () => secret }
    const authenticator = createApiKeyAuthenticator({ pepper: late, keys: [key.stored] })
    expect(refused(send(authenticator, key.text)).error.code).toBe('STORAGE_FAILED')
    bytes = secret
    expect(isRefusal(send(authenticator, key.text))).toBe(false)
  })
})
