import { toEntry } from '../audit/audit-trail.ts'
import { createSigningKeys } from '../authorization-server/signing-keys.ts'
import { createUsers, type Invitation, type Users } from '../authorization-server/users.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'
import { openPepper } from '../identity/pepper.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { UserChange } from '../observe/observation.ts'
import { openStorage, type Storage } from '../storage/open-storage.ts'
import type { StoredUser } from '../storage/user-store.ts'
import { createAuditTrail } from './audit.ts'
import { authorizationSecrets } from './authorization.ts'

/** A local user as it is shown: without hashes. Times are ISO 8601, UTC. */
export interface ShownUser {
  readonly id: string
  readonly name: string
  readonly roles: readonly string[]
  readonly tenant?: string
  readonly state: 'active' | 'invited' | 'locked'
  readonly createdAt: string
  readonly invitedUntil?: string
  readonly passwordChangedAt?: string
  readonly lastSignInAt?: string
  /** How many clients may act in its name. */
  readonly grants: number
}

/** An invitation: a link, shown once. */
export interface InvitedUser {
  readonly user: ShownUser
  readonly link: string
}

/** Adds a user, or makes a new link for one, and records that. The link is good once, until the invitation expires. */
export async function inviteUser(
  config: Config,
  { isAgain, ...invitation }: Invitation & { readonly isAgain: boolean },
): Promise<InvitedUser> {
  const { url } = requireEmbedded(config)
  return change(config, 'invited', (users) => {
    const { user, token } = isAgain ? users.inviteAgain(invitation.name, invitation.ttlMs) : users.invite(invitation)
    return { user, answer: (shown) => ({ user: shown, link: `${url}/oauth/invitation/${token}` }) }
  })
}

/** The changes that an administrator makes to a user who is there. */
export type UserEdit =
  | { readonly change: 'locked' | 'unlocked' | 'removed' }
  | { readonly change: 'roles-changed'; readonly roles: readonly string[] }

/** Changes a user and records that; what takes a right away counts for a running server at once. */
export async function editUser(config: Config, name: string, edit: UserEdit): Promise<ShownUser> {
  return change(config, edit.change, (users) => ({ user: applyEdit(users, name, edit), answer: (shown) => shown }))
}

function applyEdit(users: Users, name: string, edit: UserEdit): StoredUser {
  switch (edit.change) {
    case 'roles-changed':
      return users.setRoles(name, edit.roles)
    case 'removed':
      return users.remove(name)
    default:
      return users.setLocked(name, edit.change === 'locked')
  }
}

/** Every local user, by name. */
export async function listUsers(config: Config): Promise<readonly ShownUser[]> {
  const storage = openStorage({ directory: config.storage.directory })
  try {
    return storage.users.list().map((user) => show(user, storage))
  } finally {
    storage.close()
  }
}

/** Makes a new key sign tokens. A running server takes it within two seconds. Answers its id. */
export async function rotateSigningKey(config: Config, isCompromised: boolean): Promise<string> {
  const { keyRotationMs: rotationMs, accessTokenMs } = requireEmbedded(config).options
  const storage = openStorage({ directory: config.storage.directory })
  try {
    const secrets = authorizationSecrets(openPepper({ directory: config.storage.directory }))
    const keys = createSigningKeys({ store: storage.oauth, secrets, clock: Date.now, rotationMs, accessTokenMs })
    return keys.rotate({ isCompromised }).kid
  } finally {
    storage.close()
  }
}

/** Changes users in storage, then records what was changed. Rejects with `AUDIT_UNAVAILABLE` where that cannot be recorded. */
async function change<T>(
  config: Config,
  what: UserChange,
  work: (users: Users) => { readonly user: StoredUser; readonly answer: (shown: ShownUser) => T },
): Promise<T> {
  requireEmbedded(config)
  const { directory } = config.storage
  const storage = openStorage({ directory })
  const audit = createAuditTrail(config, { clock: Date.now, observer: () => undefined })
  try {
    const secrets = authorizationSecrets(openPepper({ directory }))
    const users = createUsers({ users: storage.users, oauth: storage.oauth, secrets, clock: Date.now })
    const { user, answer } = work(users)
    const { id: userId, roles } = user
    await audit.record(toEntry({ time: isoTime(Date.now()), event: 'user.changed', change: what, userId, roles }))
    return answer(show(user, storage))
  } finally {
    await audit.close()
    storage.close()
  }
}

function requireEmbedded(config: Config) {
  const options = config.access.oauth?.embedded
  const { publicUrl, host, port } = config.server
  if (options !== undefined)
    return {
      options,
      url: publicUrl ?? `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${port}`,
    }
  throw new ToolgateError({
    code: 'NOT_CONFIGURED',
    message: 'The configuration has no embedded authorization server, so no user could sign in.',
    hint: 'Write `access: { oauth: embedded }`.',
  })
}

function show(user: StoredUser, storage: Storage): ShownUser {
  const { id, name, roles, tenant, isLocked, invitation, createdAt, passwordHash } = user
  const times = {
    passwordChangedAt: user.passwordChangedAt,
    lastSignInAt: user.lastSignInAt,
    invitedUntil: invitation?.expiresAt,
  }
  const known = Object.entries(times).flatMap(([what, time]) =>
    time === undefined ? [] : [[what, isoTime(time)] as const],
  )
  return {
    ...{ id, name, roles },
    ...(tenant === undefined ? {} : { tenant }),
    state: isLocked ? 'locked' : passwordHash === undefined ? 'invited' : 'active',
    createdAt: isoTime(createdAt),
    ...Object.fromEntries(known),
    grants: storage.oauth.listOfAccount('Grant', id, Date.now()).length,
  }
}
