import { crc32 } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Observation } from '../observe/observation.ts'
import type { StoredKey } from '../storage/key-store.ts'
import { createMemoryKeyStore } from '../storage/memory/key-store.ts'
import { generateApiKey, hashApiKey, hashGivenKey } from './api-key.ts'
import { type ApiKeyAuthenticator, type ApiKeyOptions, createApiKeyAuthenticator } from './api-key-authenticator.ts'
import { type Authentication, isRefusal } from './authenticator.ts'
import { readCredentials } from './credentials.ts'
import { createKeyUses } from './key-uses.ts'
import { fixedPepper } from './pepper.ts'
import type { Principal } from './principal.ts'
import type { Refusal } from './refusal.ts'

const secret = Buffer.alloc(32, 1)
const NOW = Date.parse('2026-12-01T10:20:30.000Z')

function newKey(more: Partial<StoredKey> = {}): { readonly text: string; readonly stored: StoredKey } {
  const { text, id } = generateApiKey()
  const fixed = { hash: hashApiKey(text, secret), createdAt: '2026-11-22T00:00:00.000Z' }
  return { text, stored: { id, name: 'ci', roles: ['reader'], ...fixed, ...more } }
}

function authenticatorOf(keys: readonly StoredKey[], more: Partial<ApiKeyOptions> = {}): ApiKeyAuthenticator {
  const store = createMemoryKeyStore(keys)
  return createApiKeyAuthenticator({ pepper: fixedPepper(secret), stores: [store], clock: () => NOW, ...more })
}

function send(
  authenticator: ApiKeyAuthenticator,
  rawHeaders: readonly string[],
  address = '192.0.2.1',
): Authentication {
  return authenticator.authenticate(readCredentials({ rawHeaders, url: '/mcp', address }))
}

const bearer = (text: string): readonly string[] => ['Authorization', `Bearer ${text}`]

function refused(answer: Authentication): Refusal {
  if (!isRefusal(answer)) throw new Error('It was let in.')
  return answer
}

function letIn(answer: Authentication): Principal {
  if (answer === undefined || isRefusal(answer)) throw new Error('It was refused.')
  return answer
}

/** The key with another secret and a checksum that fits. */
function forge(text: string): string {
  const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const checked = `${text.slice(0, 16)}${generateApiKey().text.slice(16, 59)}`
  let rest = crc32(checked)
  let sum = ''
  for (let place = 0; place < 6; place += 1) {
    sum = ALPHABET.charAt(rest % 62) + sum
    rest = Math.floor(rest / 62)
  }
  return checked + sum
}

afterEach(() => void vi.useRealTimers())

describe('the keys of one client', () => {
  it('are the same principal, each with its own credential', () => {
    const first = newKey()
    const second = newKey({ clientId: first.stored.id })
    const authenticator = authenticatorOf([first.stored, second.stored])
    const [before, after] = [first, second].map(({ text }) => letIn(send(authenticator, bearer(text))))
    expect(before).toMatchObject({ id: `key:${first.stored.id}`, credentialId: first.stored.id })
    expect(after).toEqual({ ...before, credentialId: second.stored.id })
  })

  it('end each for itself: a principal of the first is not valid any more when the first has ended', () => {
    const first = newKey({ revokedAt: '2026-12-01T11:00:00.000Z' })
    const second = newKey({ clientId: first.stored.id })
    let now = NOW
    const authenticator = authenticatorOf([first.stored, second.stored], { clock: () => now })
    const [before, after] = [first, second].map(({ text }) => letIn(send(authenticator, bearer(text))))
    expect(before?.expiresAt).toBe(Date.parse('2026-12-01T11:00:00.000Z'))
    now += 3_600_000
    expect([before, after].map((each) => authenticator.isValid(each as Principal))).toEqual([false, true])
    expect(refused(send(authenticator, bearer(first.text))).reason).toBe(`revoked key ${first.stored.id} (ci)`)
  })

  it('carry what they are limited to', () => {
    const rights = { tenant: 'acme', scopes: ['crm:read'], claims: { region: 'eu' }, rateClass: 'batch' }
    const { text, stored } = newKey(rights)
    expect(letIn(send(authenticatorOf([stored]), bearer(text)))).toMatchObject(rights)
  })
})

describe('a key that lets nobody in', () => {
  const revoked = newKey({ name: 'a', revokedAt: '2026-12-01T10:00:00.000Z' })
  const expired = newKey({ name: 'b', expiresAt: '2026-12-01T10:00:00.000Z' })
  const elsewhere = newKey({ name: 'c', allowFrom: ['10.0.0.0/8', '2001:db8::/32'] })
  const good = newKey({ name: 'd', tenant: 'acme' })
  const given = newKey({ name: 'e' })
  const asStored = { ...given.stored, hash: hashGivenKey(given.text) }
  const cases: readonly (readonly [string, string, string])[] = [
    ['is none', 'Bearer-of-nothing', 'not an API key'],
    ['is unknown', generateApiKey().text, 'no key with id'],
    ['is mistyped', `${good.text.slice(0, -1)}${good.text.endsWith('a') ? 'b' : 'a'}`, 'not an API key'],
    ['has a wrong secret', forge(good.text), 'wrong secret'],
    ['is revoked', revoked.text, 'revoked key'],
    ['is expired', expired.text, 'expired key'],
    ['comes from elsewhere', elsewhere.text, 'outside its addresses'],
    ['was hashed without the pepper', given.text, 'wrong secret'],
    ['is endless', `tg_${'a'.repeat(100_000)}`, 'not an API key'],
  ]

  it.each(cases)('is answered like any other when it %s', (_, text, reason) => {
    const keys = [revoked, expired, elsewhere, good].map(({ stored }) => stored)
    const authenticator = authenticatorOf([...keys, asStored])
    const usual = refused(send(authenticator, bearer(generateApiKey().text)))
    const answer = refused(send(authenticator, bearer(text)))
    expect(answer.reason).toContain(reason)
    expect({ ...answer, reason: '' }).toEqual({ ...usual, reason: '' })
    expect(answer.error).toBe(usual.error)
  })

  it('is one under another pepper', () => {
    const authenticator = authenticatorOf([good.stored], { pepper: fixedPepper(Buffer.alloc(32, 2)) })
    expect(refused(send(authenticator, bearer(good.text))).reason).toContain('wrong secret')
  })
})

describe('a key for certain addresses', () => {
  const { text, stored } = newKey({ allowFrom: ['10.0.0.0/8', '2001:db8::/32'] })

  it.each(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::7'])('is valid from %s', (address) => {
    letIn(send(authenticatorOf([stored]), bearer(text), address))
  })

  it.each(['11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', '', 'x'])('is not valid from %j', (address) => {
    refused(send(authenticatorOf([stored]), bearer(text), address))
  })

  it('is no guess: however often it is sent from elsewhere, others there may still err', () => {
    const authenticator = authenticatorOf([stored])
    for (let time = 0; time < 100; time += 1) send(authenticator, bearer(text))
    expect(refused(send(authenticator, bearer(generateApiKey().text))).error.code).toBe('UNAUTHENTICATED')
  })

  it('is told to wait where guesses are, so that nobody tells it from them', () => {
    const authenticator = authenticatorOf([stored])
    for (let time = 0; time < 30; time += 1) send(authenticator, bearer(generateApiKey().text))
    expect(refused(send(authenticator, bearer(text))).error.code).toBe('RATE_LIMITED')
    const fresh = authenticatorOf([stored])
    const answers = Array.from({ length: 30 }, () => refused(send(fresh, bearer(text))).error.code)
    expect(answers.slice(-1)).toEqual(['RATE_LIMITED'])
  })
})

describe('a key in a header of its own', () => {
  const { text, stored } = newKey()
  const authenticator = authenticatorOf([stored], { keyHeader: 'x-api-key' })

  it('lets its holder in, as Authorization does', () => {
    const one = letIn(send(authenticator, ['X-API-Key', text]))
    expect(letIn(send(authenticator, bearer(text)))).toBe(one)
  })

  it.each([
    ['both headers', [...bearer(text), 'x-api-key', text]],
    ['the header twice', ['x-api-key', text, 'X-Api-Key', text]],
    ['another scheme beside it', ['Authorization', 'Basic eDp5', 'x-api-key', text]],
  ])('is refused with %s', (_, headers) => {
    expect(refused(send(authenticator, headers)).error.code).toBe('BAD_REQUEST')
  })

  it.each(['', ' ', `Bearer ${text}`, `${text},${text}`])('is a wrong key as %j', (value) => {
    expect(refused(send(authenticator, ['x-api-key', value])).error.code).toBe('UNAUTHENTICATED')
  })

  it('is nothing where no header is configured', () => {
    expect(send(authenticatorOf([stored]), ['x-api-key', text])).toBeUndefined()
  })
})

describe('a key whose text the configuration gives', () => {
  it('lets its holder in without a pepper', () => {
    const { text, stored } = newKey()
    const { createdAt: _, ...rest } = stored
    const pepper = { read: () => undefined, readOrCreate: () => secret }
    const keys = [{ ...rest, hash: hashGivenKey(text), isGiven: true }]
    const authenticator = createApiKeyAuthenticator({ pepper, keys })
    expect(letIn(send(authenticator, bearer(text))).credentialId).toBe(stored.id)
    refused(send(authenticator, bearer(forge(text))))
  })
})

describe('when a key was last used', () => {
  it('is written once an hour, a while after the call', () => {
    vi.useFakeTimers({ now: NOW })
    const { text, stored } = newKey()
    const store = createMemoryKeyStore([stored])
    const noteUses = vi.spyOn(store, 'noteUses')
    const uses = createKeyUses({ store, clock: Date.now, observer: () => {} })
    const authenticator = createApiKeyAuthenticator({ pepper: fixedPepper(secret), stores: [store], uses })
    for (let time = 0; time < 1000; time += 1) letIn(send(authenticator, bearer(text)))
    expect(noteUses).not.toHaveBeenCalled()
    vi.advanceTimersByTime(60_000)
    expect(noteUses).toHaveBeenCalledTimes(1)
    expect(store.find(stored.id)?.usedAt).toBe('2026-12-01T10:00:00.000Z')
    vi.advanceTimersByTime(3_600_000)
    letIn(send(authenticator, bearer(text)))
    uses.close()
    expect(noteUses).toHaveBeenCalledTimes(2)
    expect(store.find(stored.id)?.usedAt).toBe('2026-12-01T11:00:00.000Z')
  })

  it('is not written for keys that let nobody in, however many come', () => {
    vi.useFakeTimers({ now: NOW })
    const revoked = newKey({ revokedAt: '2026-12-01T10:00:00.000Z' })
    const away = newKey({ name: 'away', allowFrom: ['10.0.0.0/8'] })
    const store = createMemoryKeyStore([revoked.stored, away.stored])
    const noteUses = vi.spyOn(store, 'noteUses')
    const uses = createKeyUses({ store, clock: Date.now, observer: () => {} })
    const authenticator = createApiKeyAuthenticator({ pepper: fixedPepper(secret), stores: [store], uses })
    const wrong = [revoked.text, away.text, forge(away.text)]
    for (let time = 0; time < 2000; time += 1) {
      for (const text of [...wrong, generateApiKey().text]) refused(send(authenticator, bearer(text)))
    }
    vi.advanceTimersByTime(600_000)
    uses.close()
    expect(noteUses).not.toHaveBeenCalled()
  })

  it('fails no call where it cannot be written, and is written later', () => {
    vi.useFakeTimers({ now: NOW })
    const seen: Observation[] = []
    const written: string[] = []
    let isBroken = true
    const noteUses = (batch: ReadonlyMap<string, string>): void => {
      if (isBroken) throw new Error('disk I/O error')
      written.push(...batch.keys())
    }
    const uses = createKeyUses({ store: { noteUses }, clock: Date.now, observer: (each) => seen.push(each) })
    uses.note('a')
    vi.advanceTimersByTime(5_000)
    expect(seen).toMatchObject([{ type: 'fault' }])
    isBroken = false
    vi.advanceTimersByTime(60_000)
    expect(written).toEqual(['a'])
    for (let count = 0; count < 1200; count += 1) uses.note(`key ${count}`)
    uses.close()
    expect(written).toHaveLength(1201)
  })
})
