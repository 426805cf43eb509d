import { isIP } from 'node:net'
import { type Column, innerMemberOf, listOf, memberOf } from './columns.ts'
import { describeRecord, type Severity, severityOf } from './describe-record.ts'
import { escapeText } from './escape-text.ts'
import type { ExportedRecord } from './exported-record.ts'

/** By severity of the record; CEF counts from 0 to 10. */
const SEVERITIES: Readonly<Record<Severity, number>> = { information: 1, low: 3, medium: 5, high: 8 }

const member = (key: string, name: string, about: string): Column => ({
  name: key,
  about,
  value: (from) => memberOf(from, name),
})

/** Custom strings of CEF come with a label of their own. */
const labelled = (key: string, label: string, value: Column['value']): readonly Column[] => [
  { name: key, about: `\`${label}\` of the record.`, value },
  { name: `${key}Label`, about: `\`${label}\`.`, value: (from) => (value(from) === undefined ? undefined : label) },
]

/** The keys of the CEF extension, in their order. */
export const CEF_KEYS: readonly Column[] = [
  { name: 'rt', about: '`time`, in milliseconds since 1970.', value: ({ record }) => Date.parse(record.time) },
  member('externalId', 'seq', '`seq`: number of the record in its chain.'),
  { name: 'cat', about: '`event`.', value: ({ record }) => record.event },
  { name: 'deviceExternalId', about: 'Name of the chain.', value: ({ chain }) => chain },
  member('suid', 'subject', '`subject`: pseudonym of the principal.'),
  { name: 'spriv', about: '`roles`, with commas between them.', value: (from) => listOf(from, 'roles')?.join(',') },
  { name: 'src', about: '`address` of a refused caller.', value: (from) => addressOf(from) },
  member('requestMethod', 'method', '`method`: the JSON-RPC method.'),
  {
    name: 'requestClientApplication',
    about: '`clientInfo.name`: what the client calls itself.',
    value: (from) => innerMemberOf(from, 'clientInfo', 'name'),
  },
  member('app', 'transport', '`transport`: how the call came in.'),
  member('act', 'decision', '`decision`: `permit` or `deny`.'),
  member('outcome', 'status', '`status`: how the call ended.'),
  {
    name: 'reason',
    about: '`code` of a failure, or the `reason` of another event.',
    value: (from) => memberOf(from, 'code') ?? memberOf(from, 'reason'),
  },
  { name: 'in', about: 'Bytes of the arguments.', value: (from) => innerMemberOf(from, 'input', 'bytes') },
  { name: 'out', about: 'Bytes of the result.', value: (from) => innerMemberOf(from, 'output', 'bytes') },
  member('cfp1', 'durationMs', '`durationMs`.'),
  {
    name: 'cfp1Label',
    about: '`durationMs`.',
    value: (from) => (memberOf(from, 'durationMs') === undefined ? undefined : 'durationMs'),
  },
  ...labelled('cs1', 'name', (from) => memberOf(from, 'name')),
  ...labelled('cs2', 'callId', (from) => memberOf(from, 'callId')),
  ...labelled('cs3', 'rule', (from) => memberOf(from, 'rule')),
  ...labelled('cs4', 'tenant', (from) => memberOf(from, 'tenant')),
  ...labelled('cs5', 'traceId', (from) => memberOf(from, 'traceId')),
  ...labelled('cs6', 'hash', (from) => memberOf(from, 'hash')),
  { name: 'msg', about: 'One sentence about what happened.', value: ({ record }) => describeRecord(record) },
]

/** A record as one line of the Common Event Format, version 0, without its end. */
export function toCef(exported: ExportedRecord, version: string): string {
  const { record } = exported
  const header = ['CEF:0', 'Toolgate', 'Toolgate', version, record.event, record.event, SEVERITIES[severityOf(record)]]
  const extension = CEF_KEYS.flatMap(({ name, value }) => {
    const found = value(exported)
    return found === undefined || found === '' ? [] : [`${name}=${toValue(String(found))}`]
  })
  return `${header.map((field) => toHeaderField(String(field))).join('|')}|${extension.join(' ')}`
}

function toHeaderField(text: string): string {
  return escapeText(text).replace(/[\\|]/g, '\\$&')
}

/** Readers split at spaces, and many of them trim: spaces at the ends stand as escapes, too. */
function toValue(text: string): string {
  return escapeText(text)
    .replace(/^ +| +$/g, (spaces) => '\\u0020'.repeat(spaces.length))
    .replace(/[\\=]/g, '\\$&')
    .replaceAll('\\\\u000a', '\\n')
    .replaceAll('\\\\u000d', '\\r')
}

/** Callers may stand behind something that is no address. */
function addressOf(exported: ExportedRecord): string | number | undefined {
  const address = memberOf(exported, 'address')
  return typeof address === 'string' && isIP(address) !== 0 ? address : undefined
}
