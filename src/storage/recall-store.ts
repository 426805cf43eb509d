/** A call that runs, or has ended, under a key. */
export interface RecalledCall {
  readonly callId: string
  /** What was called with which arguments. */
  readonly fingerprint: string
  /** How it ended, as JSON; `null` where that was too large to keep; `undefined` while it runs. */
  readonly answer: string | null | undefined
}

/** A call that is about to run. */
export interface RecallClaim {
  readonly key: string
  readonly principalId: string
  readonly callId: string
  readonly fingerprint: string
  /** Milliseconds since the epoch. From then on the key is as if it had never been used. */
  readonly expiresAt: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** How much is remembered. */
export interface RecallLimits {
  /** Keys in all; further ones are refused. */
  readonly max: number
  /** Keys of one principal; of its own ended ones the oldest makes room. */
  readonly maxPerPrincipal: number
  /** Bytes of all answers together; of what does not fit only the fact is kept that it has ended. */
  readonly maxBytes: number
}

/** What `claim` answers when there is no room. */
export const RECALL_FULL = 'full'

/** Remembers how calls ended, by key. It may be shared by several processes. */
export interface RecallStore {
  /** Takes the key for this call and answers `undefined`; or answers the call that has it. One of two at once gets it. */
  claim(claim: RecallClaim): Claimed | Promise<Claimed>
  /** Keeps how the call ended, if the key is still its own. */
  settle(key: string, callId: string, answer: string | null): void | Promise<void>
  /** Gives the key back, if it is still its own: nothing was executed. */
  release(key: string, callId: string): void | Promise<void>
}

/** How a claim went. */
export type Claimed = RecalledCall | typeof RECALL_FULL | undefined
