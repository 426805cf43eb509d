/** Kinds of personal data that can be told by their shape. */
export const PERSONAL_KINDS = ['email', 'phone', 'card', 'iban', 'national-id'] as const

export type PersonalKind = (typeof PERSONAL_KINDS)[number]

/**
 * What stands where personal data stood: `mask` the kind alone, `hash` the kind and a keyed hash, which is the same for the
 * same data, so that it can still be told apart and joined.
 */
export const PERSONAL_ACTIONS = ['mask', 'hash'] as const

export type PersonalAction = (typeof PERSONAL_ACTIONS)[number]

/** Personal data and what becomes of it. */
export interface Treatment {
  readonly kinds: readonly PersonalKind[]
  readonly action: PersonalAction
}
