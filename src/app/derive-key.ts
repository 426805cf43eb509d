import { createHmac, randomBytes } from 'node:crypto'
import type { Pepper } from '../identity/pepper.ts'

/** Derived from the pepper, so that it outlives a restart; without one it lives as long as the process. */
export function deriveKey(pepper: Pepper, purpose: string): Uint8Array {
  const secret = pepper.read()
  return secret === undefined ? randomBytes(32) : createHmac('sha256', secret).update(purpose).digest()
}
