import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

const NONCE = 12
const TAG = 16

/** The data key of a subject: what it seals, nobody reads without it, and its digests mean nothing without it. */
export class SubjectKey {
  readonly #subject: string
  readonly #bytes: Buffer
  readonly #sealing: Buffer
  readonly #digesting: Buffer

  constructor(subject: string, bytes: Buffer) {
    this.#subject = subject
    this.#bytes = bytes
    this.#sealing = createHmac('sha256', bytes).update('toolgate audit seal 1').digest()
    this.#digesting = createHmac('sha256', bytes).update('toolgate audit digest 1').digest()
  }

  /** A new one. */
  static create(subject: string): SubjectKey {
    return new SubjectKey(subject, randomBytes(32))
  }

  /** Takes one out of its wrapping. `undefined` when the master key is another one, or the subject. */
  static unwrap(subject: string, wrapped: string, masterKey: Uint8Array): SubjectKey | undefined {
    const bytes = open(wrapped, masterKey, subject)
    return bytes === undefined ? undefined : new SubjectKey(subject, bytes)
  }

  /** As it is stored: under the master key. */
  wrap(masterKey: Uint8Array): string {
    return seal(this.#bytes, masterKey, this.#subject)
  }

  /** AES-256-GCM; base64url of nonce, text and tag. */
  seal(text: string): string {
    return seal(Buffer.from(text), this.#sealing, this.#subject)
  }

  /** What was sealed; `undefined` when it was sealed for another subject, or changed. */
  open(sealed: string): string | undefined {
    return open(sealed, this.#sealing, this.#subject)?.toString()
  }

  /** Base64url of HMAC-SHA-256. */
  digest(text: string): string {
    return createHmac('sha256', this.#digesting).update(text).digest('base64url')
  }
}

function seal(text: Buffer, key: Uint8Array, subject: string): string {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(subject))
  return Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

function open(sealed: string, key: Uint8Array, subject: string): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64url')
  if (bytes.length < NONCE + TAG) return undefined
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE), { authTagLength: TAG })
  decipher.setAAD(Buffer.from(subject)).setAuthTag(bytes.subarray(-TAG))
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()])
  } catch {
    return undefined
  }
}
