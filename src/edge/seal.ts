import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'

/** Makes values that go out to clients and come back: nobody else can read, change or reuse them elsewhere. */
export interface Sealer {
  /** The value as opaque text, bound to `context`: it opens in no other. */
  seal(value: unknown, context: string): string
  /** The value, or `undefined` when the text was not sealed here, was changed, or belongs to another context. */
  open(text: string, context: string): unknown
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** AES-256-GCM with the context as additional data. `key` has 32 bytes. */
export function createSealer(key: Uint8Array): Sealer {
  return {
    seal(value, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
      const sealed = Buffer.concat([
        iv,
        cipher.update(JSON.stringify(value), 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ])
      return sealed.toString('base64url')
    },
    open(text, context) {
      const sealed = Buffer.from(text, 'base64url')
      // Base64 decoding skips what it does not know; only the one spelling that was handed out is taken back.
      if (sealed.length < IV_BYTES + TAG_BYTES || sealed.toString('base64url') !== text) return undefined
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES)).setAAD(Buffer.from(context))
        decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
        const opened = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES))
        return JSON.parse(Buffer.concat([opened, decipher.final()]).toString('utf8'))
      } catch {
        return undefined
      }
    },
  }
}

/** A digest of any JSON value that does not depend on the order of keys. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64url')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}
