/** The four axes of the matrix. */
export const KINDS: readonly Kind[] = ['none', 'key', 'jwt', 'dpop', 'bound', 'mtls']

/** Kinds of credentials; `bound`: a JWT that is bound to a client certificate (RFC 8705 §3). */
export type Kind = 'none' | 'key' | 'jwt' | 'dpop' | 'bound' | 'mtls'

export const STATES: readonly State[] = [
  ...(['good', 'under-scoped', 'other-tenant', 'expired', 'revoked', 'wrong-audience'] as const),
  ...(['wrong-issuer', 'wrong-key', 'malformed', 'missing-proof'] as const),
]

/** The first three let somebody in. */
export type State =
  | ('good' | 'under-scoped' | 'other-tenant' | 'expired' | 'revoked')
  | ('wrong-audience' | 'wrong-issuer' | 'wrong-key' | 'malformed' | 'missing-proof')

export const LIVE_STATES: readonly State[] = ['good', 'under-scoped', 'other-tenant']

export const VERSIONS: readonly Version[] = [
  ...(['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05', 'none'] as const),
]

/** `none`: a session of 2025-11-25 whose client names no version in its headers. */
export type Version = '2026-07-28' | '2025-11-25' | '2025-06-18' | '2025-03-26' | '2024-11-05' | 'none'

/** What is asked for. */
export type Operation =
  | ('discover' | 'tools/list' | 'resources/list' | 'resources/templates/list' | 'prompts/list')
  | ('call read' | 'call write' | 'call admin' | 'call hidden' | 'call unknown')
  | ('read own' | 'read foreign' | 'read locked' | 'read template' | 'read unknown')
  | ('prompt get' | 'prompt get hidden' | 'prompt get unknown')
  | ('complete' | 'complete hidden' | 'complete unknown' | 'subscribe' | 'subscribe foreign')
  | ('task get' | 'task get foreign' | 'task cancel foreign' | 'task get unknown')

/** One question to the oracle. */
export interface Cell {
  readonly kind: Kind
  readonly state: State
  readonly operation: Operation
  readonly version: Version
}

export const nameOfCell = ({ kind, state, operation, version }: Cell): string =>
  `${kind} ${state} | ${operation} | ${version}`

/** What no credential of a kind can be: keys have no audience, and with a key that does not fit no handshake is made. */
const IMPOSSIBLE: Readonly<Record<Kind, readonly State[]>> = {
  none: STATES.filter((state) => state !== 'missing-proof'),
  key: ['wrong-audience', 'wrong-issuer', 'missing-proof'],
  jwt: ['missing-proof'],
  dpop: [],
  bound: [],
  mtls: ['wrong-key', 'missing-proof'],
}

export const exists = (kind: Kind, state: State): boolean => !IMPOSSIBLE[kind].includes(state)
