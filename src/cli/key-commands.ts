import type { Argument, Command } from './command.ts'
import { config, help, json, path } from './common-options.ts'

const key: Argument = {
  name: 'KEY',
  description: 'A key by its name, or one of them by its public id.',
  isRequired: true,
}

const keysNew: Command = {
  name: 'keys new',
  summary: 'Makes an API key and prints it once; only its hash is stored.',
  arguments: [path],
  options: [
    {
      name: 'name',
      short: 'n',
      value: 'NAME',
      isRequired: true,
      description: 'Who or what the key is for, as it stands in the log.',
    },
    {
      name: 'role',
      short: 'r',
      value: 'ROLE',
      isRequired: true,
      isRepeatable: true,
      description: 'A role of the configuration; may be given several times.',
    },
    { name: 'tenant', value: 'TENANT', description: 'On whose behalf the holder acts.' },
    {
      name: 'scope',
      value: 'SCOPE',
      isRepeatable: true,
      description: 'Limit the key to this scope of its roles; may be given several times.',
    },
    {
      name: 'claim',
      value: 'NAME=VALUE',
      isRepeatable: true,
      description: 'A further attribute, for rules about rows; may be given several times.',
    },
    {
      name: 'allow-from',
      value: 'RANGE',
      isRepeatable: true,
      description: 'An address or CIDR range from which the key is valid, and no others; may be given several times.',
    },
    {
      name: 'rate-class',
      value: 'CLASS',
      description: 'Entry of limits.classes that bounds the key, in the place of limits and of its roles.',
    },
    {
      name: 'expires',
      value: 'WHEN',
      description: 'When the key stops being valid: in 30d, 12h or 90m, or at a time such as 2027-01-31T00:00:00Z.',
    },
    {
      name: 'no-store',
      description: 'Store nothing; print the entry to write under access.keys of the config file instead.',
    },
    config,
    json,
    help,
  ],
  examples: [
    'toolgate keys new --name ci --role reader',
    'toolgate keys new --name acme-crm --role reader --role writer --tenant acme',
    'toolgate keys new --name audit --role reader --expires 30d',
    'toolgate keys new --name batch --role reader --allow-from 10.0.0.0/8 --rate-class batch',
  ],
  load: async () => (await import('./commands/keys.ts')).newKey,
}

const keysList: Command = {
  name: 'keys list',
  summary: 'Lists the API keys of the configuration and of the storage, without secrets.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate keys list'],
  load: async () => (await import('./commands/keys.ts')).listKeys,
}

const keysShow: Command = {
  name: 'keys show',
  summary: 'Shows what a key may do and when it was last used, without its secret.',
  arguments: [key, path],
  options: [config, json, help],
  examples: ['toolgate keys show ci', 'toolgate keys show ci --json'],
  load: async () => (await import('./commands/keys-show.ts')).showKey,
}

const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'Gives the holder of a key a new one and lets the one before end later.',
  details:
    'Both have the same rights and are the same caller, for limits, sessions, tasks and the audit trail. At most two keys ' +
    'of a name are valid at once.',
  arguments: [key, path],
  options: [
    {
      name: 'overlap',
      value: 'SPAN',
      description: 'For how long the key before is valid still: 7d, 12h, 90m; 0 ends it at once. Default: 24h.',
    },
    {
      name: 'expires',
      value: 'WHEN',
      description: 'When the new key stops being valid. Default: it lives as long as the one before was to live.',
    },
    config,
    json,
    help,
  ],
  examples: ['toolgate keys rotate ci', 'toolgate keys rotate ci --overlap 7d', 'toolgate keys rotate ci --overlap 0'],
  load: async () => (await import('./commands/keys-change.ts')).rotateKey,
}

const keysRevoke: Command = {
  name: 'keys revoke',
  summary: 'Ends a key, or all keys of a name, for good; running servers refuse it within two seconds.',
  details:
    'Without --yes it says which that would be. A revoked key is kept for 90 days, so that the log tells of its use.',
  arguments: [key, path],
  options: [
    { name: 'yes', description: 'Do it.' },
    {
      name: 'reason',
      value: 'TEXT',
      description: 'Why; it stands in the audit trail for good, so it must not name the holder.',
    },
    config,
    json,
    help,
  ],
  examples: ['toolgate keys revoke ci --yes', 'toolgate keys revoke tg_4fX0aB91kLmZ --yes --reason leaked'],
  load: async () => (await import('./commands/keys-change.ts')).revokeKey,
}

/** The commands about API keys. */
export const keyCommands: readonly Command[] = [keysNew, keysList, keysShow, keysRotate, keysRevoke]
