/** An API key was made, changed or removed. Its owner's name is no part of it; the id is public. */
export interface KeyChanged {
  readonly event: 'key.changed'
  readonly time: string
  /** `rotated`: another key takes its place. `removed`: it is kept no longer, or no longer in the configuration. */
  readonly change: 'added' | 'changed' | 'rotated' | 'revoked' | 'removed'
  readonly keyId: string
  /** The id of the first key of the same client, where that is another one. */
  readonly clientId?: string
  readonly roles: readonly string[]
  /** Until when a key that was rotated is valid still. */
  readonly endsAt?: string
  /** Why it was revoked, in the words of whoever did it. */
  readonly reason?: string
}
