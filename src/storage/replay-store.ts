/** Remembers what may be used once. A store that processes share makes it once for all of them. */
export interface ReplayStore {
  /**
   * Whether nobody has used it yet; from now on somebody has, until `expiresAt` (milliseconds since the epoch). Of two that ask at
   * the same time one is told so. `owner` is whose it is: nobody fills the place of others. `false` when there is no place.
   */
  use(key: string, owner: string, expiresAt: number): boolean | Promise<boolean>
}

/** Proofs that are remembered in all, and of one owner. */
export const MAX_PROOFS = 100_000
export const MAX_PROOFS_OF_OWNER = 10_000
