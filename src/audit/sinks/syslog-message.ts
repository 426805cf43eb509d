import { Buffer } from 'node:buffer'
import { memberOf } from '../export/columns.ts'
import { type Severity, severityOf } from '../export/describe-record.ts'
import { escapeText } from '../export/escape-text.ts'
import type { TrailLine } from '../read-after.ts'

/** By severity of the record: informational, notice, warning, error (RFC 5424, table 2). */
const SEVERITIES: Readonly<Record<Severity, number>> = { information: 6, low: 5, medium: 4, high: 3 }
const SD_MEMBERS = ['callId', 'subject', 'name', 'decision', 'status', 'code']

/** The whole of it stands in the message. */
const MAX_PARAM = 256

/** What a message says beside its record. */
export interface SyslogHeader {
  readonly facility: number
  readonly hostname: string
}

/** A record as a message of RFC 5424: its place and its main members as structured data, the text as the message. */
export function toSyslogMessage(line: TrailLine, text: string, { facility, hostname }: SyslogHeader): string {
  const { record } = line
  const priority = facility * 8 + SEVERITIES[severityOf(record)]
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(record.time) ? record.time : '-'
  const header = `<${priority}>1 ${time} ${printable(hostname, 255)} toolgate - ${printable(record.event, 32)}`
  // Text that is UTF-8 is marked as such; plain ASCII needs no mark.
  const mark = isAscii(text) ? '' : '\ufeff'
  return `${header} ${structuredData(line)} ${mark}${text}`
}

/** A message on a stream: its length in bytes before it (RFC 6587, section 3.4.1). */
export function toFrame(message: string): string {
  return `${Buffer.byteLength(message)} ${message}`
}

/** 32473 is the number that is kept for documentation (RFC 5612): the name says what it is, nobody registered it. */
function structuredData(line: TrailLine): string {
  const members = SD_MEMBERS.map((name): [string, string | number | undefined] => [name, memberOf(line, name)])
  const all: [string, string | number | undefined][] = [['chain', line.chain], ['seq', line.record.seq], ...members]
  const params = all.flatMap(([name, value]) =>
    value === undefined ? [] : [` ${name}="${escapeParam(String(value))}"`],
  )
  return `[toolgate@32473${params.join('')}]`
}

/** RFC 5424, section 6.3.3. What ends a line stands as an escape, because many readers would take it for an end. */
function escapeParam(value: string): string {
  return escapeText(value.slice(0, MAX_PARAM)).replace(/["\\\]]/g, '\\$&')
}

function printable(text: string, length: number): string {
  const plain = text.replace(/[^\x21-\x7e]/g, '').slice(0, length)
  return plain === '' ? '-' : plain
}

function isAscii(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text)
}
