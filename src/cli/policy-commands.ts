import type { Command, Option } from './command.ts'
import { config, help, json, path } from './common-options.ts'

/** What the credential says beside who holds it. */
const qualities: readonly Option[] = [
  {
    name: 'scope',
    value: 'SCOPE',
    isRepeatable: true,
    description:
      'The credential is limited to this scope; may be given several times, and empty for one that has none.',
  },
  { name: 'tenant', value: 'TENANT', description: 'On whose behalf the caller acts.' },
  { name: 'user', value: 'USER', description: 'The person behind the caller.' },
  {
    name: 'claim',
    value: 'NAME=VALUE',
    isRepeatable: true,
    description: 'What else the credential states; numbers, booleans and lists as JSON. May be given several times.',
  },
  { name: 'kind', value: 'KIND', description: 'The credential: api-key, oauth or certificate.' },
]

const explain: Command = {
  name: 'explain',
  summary:
    'Says why a call would be permitted or denied, and what each guard would do. Nothing is executed or recorded.',
  details:
    'Roles are taken for those of a caller over HTTP. Exit code 0 where the decision is to permit the call, else 4. ' +
    'What runs of the tools is the check of the arguments alone; rates and breakers are those of a server that has just started.',
  arguments: [path],
  options: [
    {
      name: 'as',
      value: 'WHO',
      isRequired: true,
      isRepeatable: true,
      description:
        'Who would call: roles, separated by commas; a key by its name or public id; local; or anonymous. ' +
        'Where a key and a role have the same name, key:NAME or role:NAME.',
    },
    { name: 'tool', value: 'NAME', description: 'The tool that would be called.' },
    { name: 'resource', value: 'URI', description: 'The resource that would be read.' },
    { name: 'prompt', value: 'NAME', description: 'The prompt that would be got.' },
    {
      name: 'args',
      value: 'JSON',
      description: 'Arguments as a JSON object; @FILE reads them from a file, - from standard input. Default: {}.',
    },
    ...qualities,
    config,
    json,
    help,
  ],
  examples: [
    'toolgate explain --as reader --tool get_current_date',
    `toolgate explain --as ci --tool get_current_date --args '{"timezone":"UTC"}' --json`,
    'toolgate explain --as reader --scope crm:read --tenant acme --claim region=eu --tool crm_find',
    'toolgate explain --as local --resource skill://release/SKILL.md',
  ],
  load: async () => (await import('./commands/explain.ts')).explain,
}

const policyTest: Command = {
  name: 'policy test',
  summary:
    'Holds a table of calls and what should come of them against the configuration. Nothing is executed or recorded.',
  details:
    'FILE is YAML: `cases`, each with `as`, one of `tool`, `resource` and `prompt`, `args`, and `expect`: permit, deny, hidden or ' +
    'insufficient_scope. Prints each case that is decided otherwise, and what decided it; then, and for a case about somebody or ' +
    'something that there is not, the exit code is 1.',
  arguments: [{ name: 'FILE', isRequired: true, description: 'The table of cases.' }, path],
  options: [config, json, help],
  examples: ['toolgate policy test policy.yaml', 'toolgate policy test policy.yaml --config toolgate.yaml --json'],
  load: async () => (await import('./commands/policy.ts')).testPolicy,
}

/** Commands that say what is permitted, in the order of `toolgate --help`. */
export const policyCommands: readonly Command[] = [explain, policyTest]
