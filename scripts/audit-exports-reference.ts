import { OCSF_ATTRIBUTES, OCSF_CLASSES, OCSF_VERSION } from '../src/audit/export/ocsf-mapping.ts'
import { CEF_KEYS } from '../src/audit/export/to-cef.ts'
import { CSV_COLUMNS } from '../src/audit/export/to-csv.ts'

/** docs/reference/audit-exports.md: what each format makes of a record, from the tables that make it. */
export function auditExportsReference(): string {
  const classes = OCSF_CLASSES.map(({ uid, name, events }) => [String(uid), name, list(events, 'everything else')])
  const attributes = OCSF_ATTRIBUTES.map(({ path, classes: of, about }) => [
    `\`${path}\``,
    of?.join(', ') ?? 'all',
    about,
  ])
  return `# Formats of the audit trail

[Search and export the audit trail](../how-to/search-and-export-the-audit-trail.md) shows how to get them. Every format is one line a record,
whatever stands in it: control characters, marks that turn text around and halves of a character are written as \`\\u000a\` in CSV and CEF
and in structured data of syslog, a backslash before such an escape as \`\\u005c\`.

## jsonl

The lines of the trail, byte for byte. Lines of one chain stand together and in order.

## csv

RFC 4180, with a header. A text that begins with \`=\`, \`+\`, \`-\`, \`@\` or an apostrophe has one apostrophe more in front, so that no
spreadsheet computes it: the first apostrophe of a field is never part of its value. New columns are added at the end.

${table(
  ['column', 'meaning'],
  CSV_COLUMNS.map(({ name, about }) => [`\`${name}\``, about]),
)}

## ocsf

Events of OCSF ${OCSF_VERSION}, one JSON object a line.

${table(['class', 'name', 'events'], classes)}

${table(['attribute', 'classes', 'made of'], attributes)}

## cef

Common Event Format, version 0. The header is \`CEF:0|Toolgate|Toolgate|VERSION|EVENT|EVENT|SEVERITY\`; what is empty is left out.

${table(
  ['key', 'made of'],
  CEF_KEYS.map(({ name, about }) => [`\`${name}\``, about]),
)}
`
}

function list(names: readonly string[], none: string): string {
  return names.length === 0 ? none : names.map((name) => `\`${name}\``).join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const write = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [write(head), `|${head.map(() => '---|').join('')}`, ...rows.map(write)].join('\n')
}
