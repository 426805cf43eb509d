import { createHmac } from 'node:crypto'

/** Encrypts what is stored; what was sealed in one context opens in no other. */
export interface Sealer {
  seal(value: unknown, context: string): string
  open(text: string, context: string): unknown
}

/** What the server derives from the installation's pepper. Whoever steals the storage without it can use nothing in it. */
export interface Secrets {
  readonly sealer: Sealer
  /** 32 bytes for a purpose; the same ones in every process of the installation. */
  key(purpose: string): Uint8Array
}

/** A digest that only this installation can make: stored in the place of a code, a token or a link. */
export function createDigest(secrets: Secrets, purpose: string): (text: string) => string {
  let key: Uint8Array | undefined
  return (text) => {
    key ??= secrets.key(purpose)
    return createHmac('sha256', key).update(text).digest('base64url')
  }
}
