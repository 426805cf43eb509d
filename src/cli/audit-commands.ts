import type { Command, Option } from './command.ts'
import { config, help, json, path } from './common-options.ts'

const since: Option = {
  name: 'since',
  value: 'TIME',
  description: 'From this time on: 2026-11-22T10:00:00Z, 2026-11-22, or so long ago: 90m, 24h, 7d.',
}
const until: Option = { name: 'until', value: 'TIME', description: 'Up to, and without, this time.' }
const jsonRecords: Option = { name: 'json', description: 'Prints the lines of the trail as they are.' }

const auditTail: Command = {
  name: 'audit tail',
  summary: 'Prints the last records of the audit trail.',
  arguments: [path],
  options: [
    { name: 'follow', short: 'f', description: 'Go on with every record that comes, until Ctrl+C.' },
    { name: 'lines', short: 'n', value: 'N', description: 'How many records to begin with. Default: 20.' },
    config,
    jsonRecords,
    help,
  ],
  examples: ['toolgate audit tail', 'toolgate audit tail -f --json'],
  load: async () => (await import('./commands/audit-read.ts')).tail,
}

const auditSearch: Command = {
  name: 'audit search',
  summary: 'Finds records of the audit trail, newest first.',
  details:
    'Brings an index beside the trail up to date first; it can be deleted at any time. The search itself is recorded.',
  arguments: [path],
  options: [
    since,
    until,
    {
      name: 'principal',
      value: 'WHO',
      description: 'Id of a principal, name of an API key, or a pseudonym of the trail (s_…).',
    },
    { name: 'name', value: 'NAME', description: 'Name of a tool or prompt, URI of a resource.' },
    { name: 'event', value: 'EVENT', description: 'Event of the record, such as call.completed.' },
    {
      name: 'status',
      value: 'STATUS',
      description: 'How the call ended: ok, error, denied, input_required, cancelled.',
    },
    { name: 'code', value: 'CODE', description: 'Code of the failure.' },
    { name: 'call', value: 'ID', description: 'Id of the call, as it stands in the log.' },
    { name: 'decision', value: 'DECISION', description: 'permit or deny.' },
    { name: 'text', value: 'TEXT', description: 'Text in any member that is not sealed.' },
    { name: 'limit', value: 'N', description: 'Most records to print. Default: 50.' },
    config,
    jsonRecords,
    help,
  ],
  examples: [
    'toolgate audit search --since 24h --status denied',
    'toolgate audit search --principal ci --name get_invoice --json',
  ],
  load: async () => (await import('./commands/audit-read.ts')).search,
}

const auditExport: Command = {
  name: 'audit export',
  summary: 'Writes the audit trail in a format that other systems read.',
  details:
    'jsonl is the trail itself, line by line. The export itself is recorded. Existing files are not overwritten.',
  arguments: [path],
  options: [
    { name: 'format', value: 'FORMAT', isRequired: true, description: 'jsonl, csv, ocsf or cef.' },
    since,
    until,
    { name: 'out', short: 'o', value: 'FILE', description: 'File to write. Default: standard output.' },
    config,
    json,
    help,
  ],
  examples: ['toolgate audit export --format ocsf --since 7d --out week.ocsf.jsonl'],
  load: async () => (await import('./commands/audit-read.ts')).exportRecords,
}

const auditVerify: Command = {
  name: 'audit verify',
  summary: 'Holds the audit trail against its public key, offline, and names the first record that is wrong.',
  details:
    'Finds records that were edited, removed, moved, repeated or cut off, and checkpoints that were forged. Without DIR the ' +
    'trail of the configuration here is verified. Exit code 1 says that the trail does not hold.',
  arguments: [{ name: 'DIR', description: 'Folder of the trail, or one chain of it. Needs no config file.' }],
  options: [
    {
      name: 'key',
      value: 'PUBKEY',
      description: 'The public key, or a file that holds it. Default: audit.pub beside DIR, which proves less.',
    },
    {
      name: 'checkpoints',
      value: 'FILE',
      description: 'Checkpoints that were kept elsewhere. Default: audit.checkpoints beside DIR.',
    },
    config,
    json,
    help,
  ],
  examples: [
    'toolgate audit verify',
    'toolgate audit verify /backup/audit --key toolgate-audit+3f9a01bc+AQ… --checkpoints /mnt/other/audit.checkpoints',
  ],
  load: async () => (await import('./commands/audit.ts')).verify,
}

const auditKey: Command = {
  name: 'audit key',
  summary: 'Prints the public key that the audit trail is verified with; keep it somewhere else.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate audit key > audit.pub'],
  load: async () => (await import('./commands/audit.ts')).printKey,
}

const auditErase: Command = {
  name: 'audit erase',
  summary: 'Destroys the key of a principal, so that nobody can read any more who it was and what it sent.',
  details:
    'Without --yes it only says what would be erased. The trail still verifies afterwards, and records the erasure. ' +
    'Exit code 1 says that a legal hold forbids it, and names it.',
  arguments: [path],
  options: [
    {
      name: 'principal',
      value: 'WHO',
      isRequired: true,
      description: 'Id of a principal, name of an API key, or a pseudonym of the trail (s_…).',
    },
    {
      name: 'reason',
      value: 'TEXT',
      description: 'Stands in the trail for good, such as the number of the request; no names. At most 200 characters.',
    },
    { name: 'yes', description: 'Do it. It cannot be undone.' },
    config,
    json,
    help,
  ],
  examples: [
    'toolgate audit erase --principal key:3f9a01bc',
    'toolgate audit erase --principal ci --reason DSR-2026-114 --yes',
  ],
  load: async () => (await import('./commands/audit-erase.ts')).erase,
}

const auditShow: Command = {
  name: 'audit show',
  summary:
    'Prints all that the audit trail has of somebody, with what is sealed in it: for who asks what is kept of them.',
  details:
    'Newest first. Says so where the subject was erased. What is masked in the trail stays masked. The reading itself is recorded.',
  arguments: [path],
  options: [
    {
      name: 'subject',
      value: 'WHO',
      isRequired: true,
      description: 'Id of a principal, name of an API key, or a pseudonym of the trail (s_…).',
    },
    config,
    { name: 'json', description: 'Prints a line of JSON for each record, with what was opened of it.' },
    help,
  ],
  examples: ['toolgate audit show --subject key:3f9a01bc', 'toolgate audit show --subject ci --json > ci.jsonl'],
  load: async () => (await import('./commands/audit-show.ts')).show,
}

const auditRetain: Command = {
  name: 'audit retain',
  summary: 'Removes records that are older than audit.retention says. A running server does it by itself, once a day.',
  details:
    'What goes is recorded and signed before; the trail still verifies. Whole files go, from the beginning of a chain on. ' +
    'Chains that a running server writes are left to it. Exit code 1 says that a chain was altered; it is left as it is.',
  arguments: [path],
  options: [
    { name: 'dry-run', description: 'Say what would go, and change nothing.' },
    {
      name: 'trust-clock',
      description:
        'Take the clock at its word. Without it, a step of more than a week between two checkpoints counts for a week.',
    },
    config,
    json,
    help,
  ],
  examples: ['toolgate audit retain --dry-run', 'toolgate audit retain'],
  load: async () => (await import('./commands/audit-retain.ts')).retain,
}

const reason: Option = {
  name: 'reason',
  value: 'TEXT',
  description: 'Stands in the trail for good, such as the number of the case; no names. At most 200 characters.',
}

const auditHoldAdd: Command = {
  name: 'audit hold add',
  summary: 'Lays a legal hold: records that are neither erased nor removed by age until it is taken off.',
  details:
    'Holds the records of somebody, or all records of a time. Kept in holds.json beside the trail, and recorded.',
  arguments: [path],
  options: [
    {
      name: 'principal',
      value: 'WHO',
      description: 'Id of a principal, name of an API key, or a pseudonym of the trail (s_…).',
    },
    since,
    until,
    reason,
    config,
    json,
    help,
  ],
  examples: [
    'toolgate audit hold add --principal ci --reason CASE-2026-7',
    'toolgate audit hold add --since 2026-11-01 --until 2026-11-08',
  ],
  load: async () => (await import('./commands/audit-hold.ts')).addHold,
}

const auditHoldRemove: Command = {
  name: 'audit hold remove',
  summary: 'Takes a legal hold off that was laid with `audit hold add`.',
  arguments: [path],
  options: [
    { name: 'id', value: 'ID', isRequired: true, description: 'Of the hold: h_ and eight hex digits.' },
    reason,
    config,
    json,
    help,
  ],
  examples: ['toolgate audit hold remove --id h_3f9a01bc'],
  load: async () => (await import('./commands/audit-hold.ts')).removeHold,
}

const auditHoldList: Command = {
  name: 'audit hold list',
  summary: 'Lists the legal holds, those of audit.holds too.',
  arguments: [path],
  options: [config, json, help],
  examples: ['toolgate audit hold list'],
  load: async () => (await import('./commands/audit-hold.ts')).listHolds,
}

/** The commands of the audit trail. */
export const auditCommands: readonly Command[] = [
  auditVerify,
  auditKey,
  auditTail,
  auditSearch,
  auditExport,
  auditErase,
  auditShow,
  auditRetain,
  auditHoldAdd,
  auditHoldRemove,
  auditHoldList,
]
