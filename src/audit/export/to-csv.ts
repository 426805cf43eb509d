import { type Column, innerMemberOf, listOf, memberOf, membersOf } from './columns.ts'
import { escapeText } from './escape-text.ts'
import type { ExportedRecord } from './exported-record.ts'

const member = (name: string, about: string): Column => ({ name, about, value: (from) => memberOf(from, name) })

/** The columns of the CSV export, in their order. New ones are added at the end. */
export const CSV_COLUMNS: readonly Column[] = [
  { name: 'chain', about: 'Name of the chain.', value: ({ chain }) => chain },
  member('seq', 'Number of the record in its chain, from 0.'),
  member('time', 'ISO 8601, UTC.'),
  member('event', 'What the record is about.'),
  member('callId', 'Id of the call.'),
  member('subject', 'Pseudonym of the principal.'),
  member('tenant', 'On whose behalf the principal acts.'),
  { name: 'roles', about: 'Roles of the principal; a JSON list.', value: (from) => jsonOf(listOf(from, 'roles')) },
  member('kind', '`tool`, `resource`, `prompt` or `completion`.'),
  member('method', 'The JSON-RPC method.'),
  member('name', 'Tool or prompt name, resource URI.'),
  member('connector', 'Where the capability comes from.'),
  member('definition', 'Hash of the definition that was called.'),
  member('transport', 'How the call came in.'),
  member('era', 'Which revision of MCP the call spoke.'),
  {
    name: 'clientName',
    about: 'What the client calls itself.',
    value: (from) => innerMemberOf(from, 'clientInfo', 'name'),
  },
  {
    name: 'clientVersion',
    about: 'Which version the client says it is.',
    value: (from) => innerMemberOf(from, 'clientInfo', 'version'),
  },
  member('traceId', 'Id of the trace (W3C).'),
  member('sessionId', 'Digest of the session id.'),
  member('taskId', 'Id of the task.'),
  member('decision', '`permit` or `deny`.'),
  member('rule', 'The rule that decided.'),
  member('policy', 'Hash of the roles under which it was decided.'),
  member('status', 'How the call ended.'),
  member('code', 'Code of the failure.'),
  member('durationMs', 'Milliseconds from the request to the answer.'),
  member('runMs', 'Milliseconds that the handler took of them.'),
  {
    name: 'inputBytes',
    about: 'Size of the arguments in bytes.',
    value: (from) => innerMemberOf(from, 'input', 'bytes'),
  },
  {
    name: 'outputBytes',
    about: 'Size of the result in bytes.',
    value: (from) => innerMemberOf(from, 'output', 'bytes'),
  },
  { name: 'details', about: 'Every other member of the record; a JSON object.', value: detailsOf },
  member('hash', 'Hash of the record.'),
]

const SHOWN = new Set([...CSV_COLUMNS.map(({ name }) => name), 'v', 'clientInfo', 'input', 'output'])

/** The first line of a CSV export. */
export function csvHeader(): string {
  return CSV_COLUMNS.map(({ name }) => name).join(',')
}

/** A record as one line of CSV (RFC 4180) without its end. */
export function toCsv(exported: ExportedRecord): string {
  return CSV_COLUMNS.map((column) => toField(column.value(exported))).join(',')
}

/** What a spreadsheet takes for a formula, and the mark itself. */
const FORMULA = /^(?:'|\s*[=+\-@＝＋－＠])/

/**
 * Text that begins like a formula gets an apostrophe before it, and so does text that begins with one: the first apostrophe
 * of a field is never part of its value.
 */
function toField(value: string | number | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const text = escapeText(value)
  const harmless = FORMULA.test(text) ? `'${text}` : text
  return /[",]|^\s|\s$/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

function detailsOf(exported: ExportedRecord): string | undefined {
  const others = Object.entries(membersOf(exported)).filter(([name]) => !SHOWN.has(name))
  for (const name of ['input', 'output']) {
    const { digest, sealed } = { ...(membersOf(exported)[name] as Readonly<Record<string, unknown>> | undefined) }
    if (digest !== undefined) others.push([`${name}Digest`, digest])
    if (sealed !== undefined) others.push([`${name}Sealed`, sealed])
  }
  return others.length === 0 ? undefined : JSON.stringify(Object.fromEntries(others))
}

function jsonOf(value: readonly string[] | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}
