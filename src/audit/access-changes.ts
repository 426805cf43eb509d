import type { UserChange } from '../observe/observation.ts'

/** A local user was changed, by an administrator or by itself. Names are no part of it. */
export interface UserChanged {
  readonly event: 'user.changed'
  readonly time: string
  readonly change: UserChange
  readonly userId: string
  readonly roles: readonly string[]
}

/** A user let a client act in its name (`given`), or something that it was given was revoked. */
export interface GrantChanged {
  readonly event: 'grant.changed'
  readonly time: string
  readonly change: 'given' | 'revoked'
  readonly userId?: string
  readonly clientId?: string
  readonly scopes?: readonly string[]
}
