import { randomBytes } from 'node:crypto'
import { ToolgateError } from '../errors.ts'
import type { OAuthStore } from '../storage/oauth-store.ts'
import type { StoredUser, UserStore } from '../storage/user-store.ts'
import { MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, type Passwords } from './passwords.ts'
import { createDigest, type Secrets } from './seal.ts'

/** Whom to invite. */
export interface Invitation {
  readonly name: string
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly ttlMs: number
}

/** Local users: who they are, what they may do and how they get their passwords. */
export interface Users {
  /** Adds a user who sets a password with the token. Throws `NAME_COLLISION`. */
  invite(invitation: Invitation): { readonly user: StoredUser; readonly token: string }
  /** A new token for a user who has lost the link or the password. */
  inviteAgain(name: string, ttlMs: number): { readonly user: StoredUser; readonly token: string }
  /** The user that an unused token was made for. */
  invited(token: string): StoredUser | undefined
  /** Sets the password and uses the token up. Of two who try, one succeeds. */
  accept(token: string, passwordHash: string): StoredUser | undefined
  setPassword(id: string, passwordHash: string): StoredUser | undefined
  /** By name, as typed. */
  named(name: string): StoredUser | undefined
  /** A user who may sign in. */
  active(id: string): StoredUser | undefined
  list(): readonly StoredUser[]
  setLocked(name: string, isLocked: boolean): StoredUser
  setRoles(name: string, roles: readonly string[]): StoredUser
  remove(name: string): StoredUser
  signedIn(id: string): void
}

interface Parts {
  readonly users: UserStore
  readonly oauth: OAuthStore
  readonly secrets: Secrets
  readonly clock: () => number
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,127}$/u

/** Local users in storage. What takes a right away ends every session and every grant of the user at once. */
export function createUsers(parts: Parts): Users {
  const { users, oauth, clock } = parts
  const find = (name: string): StoredUser => users.findByName(canonicalName(name)) ?? refuseUnknown(name)
  const change = (name: string, to: Partial<StoredUser>): StoredUser =>
    users.update(find(name).id, (stored) => ({ ...stored, ...to })) ?? refuseUnknown(name)
  return {
    ...invitations(parts, change),
    setPassword: (id, passwordHash) => setPassword(parts, { id, passwordHash }, ({ isLocked }) => !isLocked),
    named: (name) => users.findByName(canonicalName(name)),
    active: (id) => {
      const user = users.find(id)
      return user === undefined || user.isLocked ? undefined : user
    },
    list: () => users.list(),
    setLocked: (name, isLocked) => {
      const user = change(name, { isLocked })
      if (isLocked) oauth.removeAccount(user.id)
      return user
    },
    setRoles: (name, roles) => change(name, { roles }),
    remove: (name) => {
      const user = find(name)
      users.remove(user.id)
      oauth.removeAccount(user.id)
      return user
    },
    signedIn: (id) => {
      users.update(id, (stored) => ({ ...stored, lastSignInAt: clock() }))
    },
  }
}

function invitations(
  parts: Parts,
  change: (name: string, to: Partial<StoredUser>) => StoredUser,
): Pick<Users, 'invite' | 'inviteAgain' | 'invited' | 'accept'> {
  const { users, clock } = parts
  const digest = createDigest(parts.secrets, 'oauth invitations')
  const newToken = (ttlMs: number) => {
    const token = randomBytes(32).toString('base64url')
    return { token, invitation: { digest: digest(token), expiresAt: clock() + ttlMs } }
  }
  const isOpen = ({ invitation, isLocked }: StoredUser, token: string): boolean =>
    invitation?.digest === digest(token) && invitation.expiresAt > clock() && !isLocked
  const invited = (token: string): StoredUser | undefined => {
    const user = users.findByInvitation(digest(token))
    return user !== undefined && isOpen(user, token) ? user : undefined
  }
  return {
    invite: ({ name, roles, tenant, ttlMs }) => {
      const { token, invitation } = newToken(ttlMs)
      const id = `u_${randomBytes(12).toString('base64url')}`
      const who = { id, name: requireName(name), roles, ...(tenant === undefined ? {} : { tenant }) }
      const user: StoredUser = { ...who, isLocked: false, invitation, createdAt: clock() }
      if (!users.add(user)) throw nameTaken(user.name)
      return { user, token }
    },
    inviteAgain: (name, ttlMs) => {
      const { token, invitation } = newToken(ttlMs)
      return { user: change(name, { invitation }), token }
    },
    invited,
    accept: (token, passwordHash) => {
      const id = invited(token)?.id
      return id === undefined ? undefined : setPassword(parts, { id, passwordHash }, (stored) => isOpen(stored, token))
    },
  }
}

/** A new password uses an invitation up and ends what was signed in with the one before. */
function setPassword(
  { users, oauth, clock }: Parts,
  { id, passwordHash }: { readonly id: string; readonly passwordHash: string },
  isMeant: (user: StoredUser) => boolean,
): StoredUser | undefined {
  const user = users.update(id, (stored) => {
    const { invitation: _, ...kept } = stored
    return isMeant(stored) ? { ...kept, passwordHash, passwordChangedAt: clock() } : undefined
  })
  if (user !== undefined) oauth.removeAccount(id)
  return user
}

/** Names are compared without regard to case, and however letters are composed. */
export function canonicalName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase().slice(0, 128)
}

/** Why a password is not taken, as a sentence for its owner. */
export function refusePassword(password: string, name: string): string | undefined {
  const { length } = [...password]
  if (length < MIN_PASSWORD_LENGTH) return `The password must have ${MIN_PASSWORD_LENGTH} characters or more.`
  if (length > MAX_PASSWORD_LENGTH) return `The password must have ${MAX_PASSWORD_LENGTH} characters or less.`
  if (password.toLowerCase().includes(name)) return 'The password must not contain your user name.'
  if (new Set(password).size < 5) return 'The password must have more than four different characters.'
  return undefined
}

/** The user whose name and password these are. Takes the same time for a name that nobody has. `undefined`: too busy. */
export async function checkPassword(
  { users, passwords }: { readonly users: Users; readonly passwords: Passwords },
  name: string,
  password: string,
): Promise<{ readonly user: StoredUser | undefined } | undefined> {
  const found = users.named(name)
  const isRight = await passwords.verify(password.slice(0, 2 * MAX_PASSWORD_LENGTH), found?.passwordHash)
  if (isRight === undefined) return undefined
  return { user: isRight && found !== undefined ? users.active(found.id) : undefined }
}

function requireName(name: string): string {
  const canonical = canonicalName(name)
  if (NAME.test(canonical)) return canonical
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `"${name}" cannot be the name of a user.`,
    hint: 'Letters and digits, then also . _ @ + -, such as ada or ada@example.com; 128 characters at most.',
  })
}

function nameTaken(name: string): ToolgateError {
  return new ToolgateError({
    code: 'NAME_COLLISION',
    message: `There is already a user "${name}".`,
    hint: `For a new link, for whoever lost the password: \`toolgate users invite ${name} --again\`.`,
  })
}

function refuseUnknown(name: string): never {
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: `There is no user "${canonicalName(name)}".`,
    hint: '`toolgate users list` shows them; `toolgate users invite NAME --role ROLE` adds one.',
  })
}
