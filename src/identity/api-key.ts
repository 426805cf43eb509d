import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * An API key is `tg_<id>_<secret><checksum>`: 12, 43 and 6 letters or digits. The id is public and finds the key, the
 * secret is 256 random bits, the checksum (CRC32 of all before it, in base 62) tells a mistyped or invented key offline.
 */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const ID_LENGTH = 12
const SECRET_LENGTH = 43
const CHECKSUM_LENGTH = 6
const WHOLE_KEY = /^tg_([0-9A-Za-z]{12})_[0-9A-Za-z]{49}$/
const CHECKED_LENGTH = 'tg_'.length + ID_LENGTH + '_'.length + SECRET_LENGTH

/** A key as it is shown once, to whoever will use it. */
export interface ApiKey {
  /** The whole key: a secret. */
  readonly text: string
  /** The part of it that may be stored and shown. */
  readonly id: string
}

/** Finds API keys in any text: give it to a secret scanner. Matches the whole key and nothing around it. */
export const apiKeyPattern: RegExp = /(?<![0-9A-Za-z])tg_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}(?![0-9A-Za-z])/

/** A new key with a secret of 256 random bits. */
export function generateApiKey(): ApiKey {
  const id = randomBase62(ID_LENGTH)
  const checked = `tg_${id}_${randomBase62(SECRET_LENGTH)}`
  return { text: checked + checksumOf(checked), id }
}

/** The id in the text of a key, or `undefined` for anything that no key can look like. Says nothing of its validity. */
export function parseApiKey(text: string): string | undefined {
  const id = WHOLE_KEY.exec(text)?.[1]
  return checksumOf(text.slice(0, CHECKED_LENGTH)) === text.slice(CHECKED_LENGTH) ? id : undefined
}

/**
 * What is stored of a key: HMAC-SHA-256 of its whole text under the pepper, in hex. A fast hash is right here: nobody
 * guesses 256 random bits, and a slow one would let strangers spend this server's time.
 */
export function hashApiKey(text: string, pepper: Uint8Array | KeyObject): string {
  return createHmac('sha256', pepper).update(text).digest('hex')
}

/**
 * What is kept of a key whose text the configuration gives: a hash without the pepper, which need not exist then. It is in no
 * file, and nobody finds 256 random bits from it.
 */
export function hashGivenKey(text: string): string {
  return hashApiKey(text, GIVEN_PEPPER)
}

/** The place of the pepper for keys whose text the configuration gives. No secret. */
export const GIVEN_PEPPER: KeyObject = createSecretKey('toolgate given key 1', 'utf8')

function randomBase62(length: number): string {
  let text = ''
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      // 248 is the largest multiple of 62 in a byte; taking the rest as well would favour the first letters.
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62]
    }
  }
  return text
}

function checksumOf(text: string): string {
  let rest = crc32(text)
  let checksum = ''
  for (let place = 0; place < CHECKSUM_LENGTH; place += 1) {
    checksum = ALPHABET.charAt(rest % 62) + checksum
    rest = Math.floor(rest / 62)
  }
  return checksum
}
