import { createHmac, timingSafeEqual } from 'node:crypto'

/** Nonces that a server gives out and takes back, without keeping them (RFC 9449 §8). */
export interface DpopNonces {
  current(): string
  isValid(nonce: unknown): boolean
}

const WINDOW_MS = 120_000

/** A nonce is good for two to four minutes. Processes with the same key take each other's. */
export function createDpopNonces(key: Uint8Array, clock: () => number): DpopNonces {
  const nonceOf = (window: number): string =>
    createHmac('sha256', key).update(`dpop nonce ${window}`).digest('base64url').slice(0, 22)
  const windowNow = (): number => Math.floor(clock() / WINDOW_MS)
  return {
    current: () => nonceOf(windowNow()),
    isValid(nonce) {
      if (typeof nonce !== 'string' || nonce.length !== 22) return false
      const window = windowNow()
      return [window, window - 1].some((one) => isEqual(nonceOf(one), nonce))
    },
  }
}

function isEqual(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}
