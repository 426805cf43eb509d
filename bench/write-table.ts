import { cpus, release, totalmem, type } from 'node:os'
import type { LoadRow } from './measure-load.ts'
import { readNodeVersion } from './process/node-binary.ts'
import type { Report } from './report.ts'

/** The report as a page of the documentation. Names no path and no host: it is published. */
export function toPage(report: Report): string {
  return `# Performance

Written by \`npm run bench\`; run it to have the figures of your own machine. Compare ratios, not microseconds: a ratio is
taken within one run, on one machine, by one load generator.

${toTables(report)}

## Conditions
${toConditions(report)}

## To reproduce
\`\`\`sh
npm ci
npm run bench              # everything, some minutes; installs the peers on the first run and writes this page
npm run bench -- --quick   # echo, toolgate and sdk-v2 alone, within 50 seconds; writes nothing
npm run bench -- --only streams   # 10,000 open event streams of either era and a broadcast to all; writes nothing
npm run bench -- --only sanitize  # how fast results are masked, hostile ones too; writes nothing
npm run bench -- --json    # the figures on stdout for programs
\`\`\`
`
}

/** The tables alone, for the terminal. */
export function toTables(report: Report): string {
  const toolCounts = [...new Set(report.rows.map(({ tools }) => tools))].sort((a, b) => a - b)
  return [
    ...toRatios(report),
    ...toolCounts.map((tools) => toLoadTable(report, tools)),
    ...toColdStartTable(report),
    ...toMemoryTable(report),
    ...toStreamTable(report),
    ...toSanitizeTable(report),
    ...toFailures(report),
  ].join('\n\n')
}

function toRatios({ rows }: Report): string[] {
  const cpu = (name: string, tools: number): number | undefined =>
    rows.find((row) => row.subject.name === name && row.tools === tools)?.figures.cpuUsPerCall
  const [limit, own, ownMany, sdk] = [cpu('echo', 1), cpu('toolgate', 1), cpu('toolgate', 1000), cpu('sdk-v2', 1)]
  if (!limit || !own || !ownMany || !sdk) return []
  return [
    `One call through Toolgate with every guard on costs ${ratio(own, limit)} times a bare \`node:http\` JSON echo and ${ratio(sdk, own)} times less ` +
      `than the official SDK's handler without any. With 1,000 tools it costs ${ratio(ownMany, own)} times what it costs with one.`,
  ]
}

function toLoadTable(report: Report, tools: number): string {
  const rows = report.rows.filter((row) => row.tools === tools)
  const echo = rows.find((row) => row.subject.name === 'echo')?.figures.cpuUsPerCall ?? Number.NaN
  const cells = [...rows]
    .sort((a, b) => a.figures.cpuUsPerCall - b.figures.cpuUsPerCall)
    .map((row) => toCells(row, echo, report))
  const head = [
    'subject',
    'request',
    'CPU µs/call',
    '÷ echo',
    'median–worst',
    'calls/s',
    'p50 ms',
    'p99 ms',
    'idle MB',
    'answers',
    'other load',
  ]
  return `## tools/call, ${tools.toLocaleString('en')} ${tools === 1 ? 'tool' : 'tools'}\n${toTable(head, cells)}`
}

function toCells({ subject, figures, idleRssBytes }: LoadRow, echo: number, report: Report): string[] {
  const version = report.versions.get(subject.name)
  return [
    version === undefined ? subject.name : `${subject.name} ${version}`,
    subject.form,
    `**${figures.cpuUsPerCall.toFixed(figures.cpuUsPerCall < 100 ? 1 : 0)}**`,
    ratio(figures.cpuUsPerCall, echo),
    `${figures.medianCpuUsPerCall.toFixed(0)}–${figures.worstCpuUsPerCall.toFixed(0)}`,
    figures.requestsPerSecond.toFixed(0),
    figures.p50Ms.toFixed(2),
    figures.p99Ms.toFixed(1),
    (idleRssBytes / 2 ** 20).toFixed(0),
    String(figures.answers),
    figures.otherLoad.map((cores) => cores.toFixed(1)).join('–'),
  ]
}

function toColdStartTable({ coldStarts }: Report): string[] {
  if (coldStarts.length === 0) return []
  const cells = coldStarts.map(({ name, medianMs, minMs, maxMs, runs }) => [
    name,
    `**${medianMs.toFixed(0)}**`,
    `${minMs.toFixed(0)}–${maxMs.toFixed(0)}`,
    String(runs),
  ])
  const head = ['subject', 'median ms', 'min–max', 'runs']
  return [`## Cold start over stdio, from spawn to the first answered tools/list\n${toTable(head, cells)}`]
}

function toMemoryTable({ sessions }: Report): string[] {
  if (sessions.length === 0) return []
  const cells = sessions.map((row) => [
    row.subject,
    String(row.sessions),
    `**${(row.heapBytesPerSession / 1024).toFixed(1)}**`,
    (row.rssBytesPerSession / 1024).toFixed(1),
    `${row.stillAnswering} of 10`,
  ])
  const head = ['subject', 'sessions', 'KB each, live heap', 'KB each, RSS', 'oldest still answering']
  return [`## Idle legacy sessions, 1 tool\n${toTable(head, cells)}`]
}

function toStreamTable({ streams }: Report): string[] {
  if (streams.length === 0) return []
  const cells = streams.map((row) => [
    row.kind,
    row.streams.toLocaleString('en'),
    (row.heapBytesPerStream / 1024).toFixed(1),
    `**${(row.rssBytesPerStream / 1024).toFixed(1)}**`,
    row.received.toLocaleString('en'),
    row.medianMs.toFixed(0),
    `**${row.lastMs.toFixed(0)}**`,
  ])
  const head = ['stream', 'open', 'KB each, live heap', 'KB each, RSS', 'reached', 'half after ms', 'all after ms']
  return [`## Open event streams of one process, and a broadcast to all of them\n${toTable(head, cells)}`]
}

function toSanitizeTable({ sanitize }: Report): string[] {
  if (sanitize.length === 0) return []
  const cells = sanitize.map(({ text, secrets, values, personal, growth }) => [
    text,
    `**${secrets.toFixed(0)}**`,
    values.toFixed(0),
    personal.toFixed(0),
    growth.toFixed(1),
  ])
  const head = ['text', 'secrets MB/s', 'and 100 values', 'and personal data', 'time for twice the text']
  return [`## Masking of results, one core\n${toTable(head, cells)}`]
}

function toFailures({ failures }: Report): string[] {
  if (failures.length === 0) return []
  const cells = failures.map(({ subject, tools, reason }) => [
    subject,
    tools === 0 ? '' : String(tools),
    reason.replace(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 200),
  ])
  return [`## Not measured\n${toTable(['subject', 'tools', 'reason'], cells)}`]
}

function toConditions(report: Report): string {
  const { warmUpMs, roundMs, rounds } = report.plan
  const subjects = [...new Map(report.rows.map(({ subject }) => [subject.name, subject])).values()]
  return [
    `- Machine: ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${release().split('-')[0]}, Node ${readNodeVersion()} for subjects and generator, loopback.`,
    `- Load: one generator in its own process, raw sockets, HTTP/1.1 keep-alive, 64 connections, one request in flight on each. Warm-up ${warmUpMs / 1000} s, then ${rounds} rounds of ${roundMs / 1000} s; all subjects of a table are up at once and take turns, so that a loud minute falls on all.`,
    '- CPU: user and system time of the subject\'s own process over the round, divided by the calls answered in it. Figures are those of the round with the least CPU per call: neighbours on a shared machine only ever add. Median and worst round stand beside it; "other load" is how many cores neither subject nor generator kept busy, lowest and highest round.',
    '- Every answer is checked for its status and its sum, one in twenty parsed in full; a subject with one wrong answer is not in the table.',
    '- Tool: `add {a, b}` with input and output schema (Zod 4), text and structured answer, registered last of 1, 100 or 1,000 tools.',
    '- Request: `modern` is a call of revision 2026-07-28 with its headers and envelope; `stateless` a legacy call without a handshake; `session` a legacy call in a session, one for each connection. Each subject is asked in the newest form it serves; a row named `-session` is the same software asked as a legacy client does.',
    '- Toolgate runs with its whole spine: API key checked on every call, role with scope, allow and deny selectors, rate limiter (set out of reach, counted all the same), input and output validation, deadline, masking, the strict audit trail and a log line a call. The others do nothing but validate; their request logs are off.',
    '- Streams: one toolgate process, opened by one key; growth after 200 opened before, the cost of its session included; a tool announces a change, three times, and the slowest counts.',
    '- Cold start: one tool; the median of several starts in turn. Sessions: growth after 200 opened before, live heap after a forced collection.',
    ...subjects.map(({ name, servedBy }) => `- ${name}: ${servedBy}.`),
  ].join('\n')
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, [':--', ...head.slice(1).map(() => '--:')], ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function ratio(value: number, base: number): string {
  return (value / base).toFixed(value / base < 10 ? 2 : 0)
}
