import type { ColdStart } from './measure-cold-start.ts'
import type { Failure, LoadPlan, LoadRow } from './measure-load.ts'
import type { SessionMemory } from './measure-memory.ts'
import type { SanitizeFigures } from './measure-sanitize.ts'
import type { StreamFigures } from './measure-streams.ts'

/** All that one run of the bench found. */
export interface Report {
  readonly rows: readonly LoadRow[]
  readonly coldStarts: readonly ColdStart[]
  readonly sessions: readonly SessionMemory[]
  readonly streams: readonly StreamFigures[]
  readonly sanitize: readonly SanitizeFigures[]
  /** What could not be measured, by name and with the reason. */
  readonly failures: readonly Failure[]
  readonly plan: Pick<LoadPlan, 'warmUpMs' | 'roundMs' | 'rounds'>
  readonly versions: ReadonlyMap<string, string>
}

/** The report as other programs read it. A shape that is relied on: fields are added, never renamed. */
export function toJson(report: Report): string {
  const runs = report.rows.map(({ subject, tools, figures }) => ({
    subject: subject.name,
    tools,
    cpuUsPerCall: round(figures.cpuUsPerCall, 2),
    requestsPerSecond: round(figures.requestsPerSecond, 0),
    p99Ms: round(figures.p99Ms, 2),
  }))
  const coldStartMs = Object.fromEntries(report.coldStarts.map(({ name, medianMs }) => [name, round(medianMs, 1)]))
  return JSON.stringify(
    { runs, coldStartMs, memory: toMemory(report), ...toStreams(report), ...toSanitize(report) },
    null,
    2,
  )
}

/** Absent where streams were not measured. */
function toStreams({ streams }: Report): { streams?: readonly object[] } {
  if (streams.length === 0) return {}
  return {
    streams: streams.map((row) => ({
      kind: row.kind,
      streams: row.streams,
      bytesPerStream: round(row.heapBytesPerStream, 0),
      rssBytesPerStream: round(row.rssBytesPerStream, 0),
      received: row.received,
      medianMs: round(row.medianMs, 1),
      lastMs: round(row.lastMs, 1),
    })),
  }
}

/** Megabytes a second; absent where masking was not measured. */
function toSanitize({ sanitize }: Report): { sanitize?: readonly object[] } {
  if (sanitize.length === 0) return {}
  return {
    sanitize: sanitize.map(({ text, secrets, values, personal, growth }) => ({
      text,
      secrets: round(secrets, 1),
      values: round(values, 1),
      personal: round(personal, 1),
      growth: round(growth, 2),
    })),
  }
}

export interface MemoryFigures {
  idleRssMb?: number
  bytesPerIdleSession?: number
  rssBytesPerIdleSession?: number
  sessions?: number
}

function toMemory(report: Report): Record<string, MemoryFigures> {
  const memory: Record<string, MemoryFigures> = {}
  for (const { subject, tools, idleRssBytes } of report.rows) {
    if (tools === 1) memory[subject.name] = { idleRssMb: round(idleRssBytes / 2 ** 20, 1) }
  }
  for (const row of report.sessions) {
    const name = row.subject.replace(/-session$/, '')
    memory[name] = {
      ...memory[name],
      bytesPerIdleSession: round(row.heapBytesPerSession, 0),
      rssBytesPerIdleSession: round(row.rssBytesPerSession, 0),
      sessions: row.sessions,
    }
  }
  return memory
}

/** A number to so many places. */
function round(value: number, places: number): number {
  return Number(value.toFixed(places))
}
