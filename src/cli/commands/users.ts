import type { ShownUser, UserEdit } from '../../app/users.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { table } from '../print-help.ts'
import { readExpiry } from '../read-expiry.ts'
import { checkRoles } from '../serving.ts'
import { UsageError } from '../usage-error.ts'

/** Adds a user and prints the link, this once, with which the user sets a password. */
export const inviteUser: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const config = await openTarget(invocation)
  const isAgain = options.has('again')
  const roles = options.all('role')
  const tenant = options.text('tenant')
  if (!isAgain && roles.length === 0)
    throw new UsageError('--role is missing.', 'Say what the user may do: --role ROLE.')
  if (isAgain && (roles.length > 0 || tenant !== undefined)) {
    throw new UsageError(
      '--role and --tenant do not go with --again.',
      'The user keeps both; `toolgate users roles` changes roles.',
    )
  }
  checkRoles(config, roles)
  const now = Date.now()
  const ttlMs = Date.parse(readExpiry(options.text('expires') ?? '3d', now)) - now
  const invitation = { name: positionals[0] ?? '', roles, ttlMs, isAgain, ...(tenant === undefined ? {} : { tenant }) }
  const { user, link } = await (await import('../../app/users.ts')).inviteUser(config, invitation)
  if (options.has('json')) terminal.out(`${JSON.stringify({ link, user }, null, 2)}\n`)
  else {
    terminal.out(`${link}\n`)
    terminal.err(`It is shown this once. Send it to ${user.name}: whoever opens it first sets the password.\n`)
    terminal.err(`It is good once, until ${user.invitedUntil}.\n`)
  }
  return EXIT_CODES.ok
}

/** Lists local users. */
export const listUsers: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const users = await (await import('../../app/users.ts')).listUsers(await openTarget(invocation))
  if (options.has('json')) terminal.out(`${JSON.stringify({ users }, null, 2)}\n`)
  else if (users.length === 0) terminal.out('There are no users. `toolgate users invite NAME --role ROLE` adds one.\n')
  else {
    const rows = users.map(({ name, state, roles, tenant, lastSignInAt }) => [
      ...[name, state, roles.join(', '), tenant ?? '', lastSignInAt ?? 'never'],
    ])
    terminal.out(`${table([['NAME', 'STATE', 'ROLES', 'TENANT', 'LAST SIGN-IN'], ...rows]).join('\n')}\n`)
  }
  return EXIT_CODES.ok
}

/** Prints everything that is known of a user but its password. */
export const showUser: RunCommand = async (invocation) => {
  const { options, terminal, positionals } = invocation
  const users = await (await import('../../app/users.ts')).listUsers(await openTarget(invocation))
  const user = users.find(({ name }) => name === positionals[0]?.toLowerCase())
  if (user === undefined)
    throw new UsageError(`There is no user ${positionals[0]}.`, '`toolgate users list` shows them.')
  if (options.has('json')) terminal.out(`${JSON.stringify(user, null, 2)}\n`)
  else terminal.out(`${table(Object.entries(user).map(([what, value]) => [what, String(value)])).join('\n')}\n`)
  return EXIT_CODES.ok
}

/** Keeps a user out; its sessions and what it allowed end. */
export const lockUser: RunCommand = (invocation) =>
  edit(invocation, { change: 'locked' }, 'is locked; its sessions and tokens have ended')

/** Lets a user in again. */
export const unlockUser: RunCommand = (invocation) => edit(invocation, { change: 'unlocked' }, 'may sign in again')

/** Removes a user. */
export const removeUser: RunCommand = (invocation) =>
  edit(invocation, { change: 'removed' }, 'is removed; its sessions and tokens have ended')

/** Gives a user other roles. */
export const changeRoles: RunCommand = async (invocation) => {
  const roles = invocation.options.all('role')
  checkRoles(await openTarget(invocation), roles)
  return edit(invocation, { change: 'roles-changed', roles }, `has the roles ${roles.join(', ')}`)
}

async function edit(invocation: Parameters<RunCommand>[0], change: UserEdit, said: string): Promise<number> {
  const { options, terminal, positionals } = invocation
  const config = await openTarget(invocation)
  const user: ShownUser = await (await import('../../app/users.ts')).editUser(config, positionals[0] ?? '', change)
  terminal.out(options.has('json') ? `${JSON.stringify(user, null, 2)}\n` : `${user.name} ${said}.\n`)
  return EXIT_CODES.ok
}

/** Makes another key sign tokens. */
export const rotateKeys: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const isCompromised = options.has('compromised')
  const kid = await (await import('../../app/users.ts')).rotateSigningKey(config, isCompromised)
  if (options.has('json')) terminal.out(`${JSON.stringify({ kid, isCompromised }, null, 2)}\n`)
  else {
    const others = isCompromised
      ? 'Tokens of the keys before are not valid any more.'
      : 'Tokens of the key before stay valid until they expire.'
    terminal.out(`${kid} signs from now on. ${others}\n`)
  }
  return EXIT_CODES.ok
}
