import type { Argument, Command, Option } from './command.ts'
import { config, help, json, path } from './common-options.ts'

const who: Argument = { name: 'NAME', isRequired: true, description: 'Name that the user signs in with.' }
const role: Option = {
  name: 'role',
  short: 'r',
  value: 'ROLE',
  isRepeatable: true,
  description: 'A role of the configuration; may be given several times.',
}

const invite: Command = {
  name: 'users invite',
  summary: 'Adds a local user and prints a link, once, with which the user sets a password.',
  details: 'For `access.oauth: embedded`. The link is good once; whoever opens it first sets the password.',
  arguments: [who, path],
  options: [
    role,
    { name: 'tenant', value: 'TENANT', description: 'Tenant that the user belongs to.' },
    { name: 'again', description: 'A new link for a user who is there: for whoever lost the link or the password.' },
    { name: 'expires', value: 'WHEN', description: 'When the link stops working: in 3d, 12h or 90m. Default: 3d.' },
    config,
    json,
    help,
  ],
  examples: ['toolgate users invite ada --role user', 'toolgate users invite ada --again --expires 12h'],
  load: async () => (await import('./commands/users.ts')).inviteUser,
}

const list: Command = {
  name: 'users list',
  summary: 'Lists the local users.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate users list'],
  load: async () => (await import('./commands/users.ts')).listUsers,
}

const show: Command = {
  name: 'users show',
  summary: 'Prints what is known of a local user, its password aside.',
  arguments: [who, path],
  options: [config, json, help],
  examples: ['toolgate users show ada'],
  load: async () => (await import('./commands/users.ts')).showUser,
}

const lock: Command = {
  name: 'users lock',
  summary: 'Keeps a local user out; its sessions and tokens end at once.',
  arguments: [who, path],
  options: [config, json, help],
  examples: ['toolgate users lock ada'],
  load: async () => (await import('./commands/users.ts')).lockUser,
}

const unlock: Command = {
  name: 'users unlock',
  summary: 'Lets a local user in again, with the password of before.',
  arguments: [who, path],
  options: [config, json, help],
  examples: ['toolgate users unlock ada'],
  load: async () => (await import('./commands/users.ts')).unlockUser,
}

const remove: Command = {
  name: 'users remove',
  summary: 'Removes a local user; its sessions and tokens end at once.',
  arguments: [who, path],
  options: [config, json, help],
  examples: ['toolgate users remove ada'],
  load: async () => (await import('./commands/users.ts')).removeUser,
}

const roles: Command = {
  name: 'users roles',
  summary: 'Gives a local user other roles, in place of those it has.',
  details: 'Tokens that are there count with the new roles at once.',
  arguments: [who, path],
  options: [{ ...role, isRequired: true }, config, json, help],
  examples: ['toolgate users roles ada --role user --role admin'],
  load: async () => (await import('./commands/users.ts')).changeRoles,
}

const rotate: Command = {
  name: 'oauth rotate-keys',
  summary: 'Makes a new key sign the tokens of the embedded authorization server.',
  details:
    'Keys are renewed by themselves, too (`keyRotationMs`). A running server takes the new one within two seconds.',
  arguments: [path],
  options: [
    { name: 'compromised', description: 'Let no token of the keys before be valid any more.' },
    config,
    json,
    help,
  ],
  examples: ['toolgate oauth rotate-keys', 'toolgate oauth rotate-keys --compromised'],
  load: async () => (await import('./commands/users.ts')).rotateKeys,
}

/** The commands about local users and what signs their tokens. */
export const userCommands: readonly Command[] = [invite, list, show, lock, unlock, remove, roles, rotate]
