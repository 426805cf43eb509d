import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from './ensure-built.ts'
import { installPeers, readVersion } from './install-peers.ts'
import { measureColdStart } from './measure-cold-start.ts'
import { type Bench, type Failure, type LoadPlan, type LoadRow, measureLoad } from './measure-load.ts'
import { measureMemory } from './measure-memory.ts'
import { measureSanitize } from './measure-sanitize.ts'
import { measureStreams } from './measure-streams.ts'
import { startGenerator } from './process/generator.ts'
import { type Report, toJson } from './report.ts'
import { ownStdioSubjects, peerStdioSubjects } from './subjects/stdio-subjects.ts'
import type { Subject } from './subjects/subject.ts'
import { allSubjects, quickSubjects, sdkV1Session, sdkV2Session } from './subjects/subjects.ts'
import { toolgateListen, toolgateSession, toolgateStream } from './subjects/toolgate.ts'
import { toPage, toTables } from './write-table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const TOOL_COUNTS = [1, 100, 1000]
const STREAMS = 10_000
const STREAM_KINDS = [
  { kind: 'subscriptions/listen', subject: toolgateListen },
  { kind: 'GET of a legacy session', subject: toolgateStream },
]

/** How long a quick run may measure, from the start of this process; what is left to 50 seconds is for ending. */
const QUICK_ENDS_AT_MS = 36_000

const { values } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
})
/** Names after `--only`, for looking at a few subjects, at `streams` or at `sanitize`; all of them without it. */
const only = values.only?.split(',')
const isWanted = ({ name }: { readonly name: string }): boolean => only?.includes(name) ?? true
const say = (line: string): void => void process.stderr.write(`bench: ${line}\n`)

if (isWanted({ name: 'streams' }) || isWanted({ name: 'toolgate' }) || isWanted({ name: 'toolgate-session' }))
  ensureBuilt()
const report = await inOwnFolder(values.quick ? runQuick : runFull)
process.stdout.write(`${values.json ? toJson(report) : toTables(report)}\n`)
if (!values.quick && !values.only) await writePage(report)
const hasFailedItself = report.failures.some(({ subject }) => quickSubjects.some(({ name }) => name === subject))
process.exitCode = hasFailedItself ? 1 : 0

async function inOwnFolder(run: (bench: Bench) => Promise<Report>): Promise<Report> {
  const parent = fileURLToPath(new URL('./.generated', import.meta.url))
  await mkdir(parent, { recursive: true })
  const directory = await mkdtemp(join(parent, 'run-'))
  const generator = startGenerator()
  try {
    return await run({ generator, directory, say })
  } finally {
    await generator.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** Echo, Toolgate and the SDK's handler, all tool counts up at once, in as many rounds as fit. */
async function runQuick(bench: Bench): Promise<Report> {
  const cold = await measureColdStart(ownStdioSubjects.filter(isWanted), { runs: 5, say })
  const memory = await measureMemory(bench, [toolgateSession, sdkV2Session].filter(isWanted), 1000)
  const plan = { warmUpMs: 2500, warmUpCalls: 20_000, roundMs: 400, rounds: 6, endsAt: QUICK_ENDS_AT_MS }
  const load = await measureLoad(bench, { ...plan, subjects: quickSubjects.filter(isWanted), toolCounts: TOOL_COUNTS })
  return toReport({ cold, memory, streams: { rows: [], failures: [] }, sanitize: [], load, plan })
}

/** Every subject that installs and starts, one tool count after the other. */
async function runFull(bench: Bench): Promise<Report> {
  const isWithoutSubjects = only?.every((name) => name === 'streams' || name === 'sanitize') === true
  const withoutPeers = isWithoutSubjects ? undefined : installPeers(say)
  const subjects = allSubjects.filter((subject) => isWanted(subject) && !(subject.isPeer && withoutPeers))
  const stdioSubjects = [...ownStdioSubjects, ...(withoutPeers ? [] : peerStdioSubjects)].filter(isWanted)
  const cold = await measureColdStart(stdioSubjects, { runs: 9, say })
  const sessionSubjects = [toolgateSession, sdkV2Session, sdkV1Session].filter(isWanted)
  const memory = await measureMemory(bench, sessionSubjects, 2000)
  const streams = await measureStreams(bench, isWanted({ name: 'streams' }) ? STREAM_KINDS : [], STREAMS)
  const sanitize = isWanted({ name: 'sanitize' }) ? measureSanitize() : []
  const plan = {
    warmUpMs: 3000,
    warmUpCalls: Number.POSITIVE_INFINITY,
    roundMs: 1500,
    rounds: 4,
    endsAt: Number.POSITIVE_INFINITY,
  }
  const rows: LoadRow[] = []
  const failures: Failure[] = allSubjects
    .filter(({ isPeer }) => isPeer && withoutPeers)
    .map(({ name }) => ({ subject: name, tools: 0, reason: withoutPeers ?? '' }))
  for (const tools of subjects.length === 0 ? [] : TOOL_COUNTS) {
    const load = await measureLoad(bench, { ...plan, subjects, toolCounts: [tools] })
    rows.push(...load.rows)
    failures.push(...load.failures)
  }
  return toReport({ cold, memory, streams, sanitize, load: { rows, failures }, plan })
}

function toReport(found: {
  cold: Awaited<ReturnType<typeof measureColdStart>>
  memory: Awaited<ReturnType<typeof measureMemory>>
  streams: Awaited<ReturnType<typeof measureStreams>>
  sanitize: Report['sanitize']
  load: Awaited<ReturnType<typeof measureLoad>>
  plan: Pick<LoadPlan, 'warmUpMs' | 'roundMs' | 'rounds'>
}): Report {
  const { cold, memory, streams, sanitize, load, plan } = found
  const others = [
    ...cold.failures.map((f) => ({ ...f, what: 'cold start' })),
    ...memory.failures.map((f) => ({ ...f, what: 'sessions' })),
    ...streams.failures.map((f) => ({ ...f, what: 'streams' })),
  ]
  return {
    rows: load.rows,
    coldStarts: cold.rows,
    sessions: memory.rows,
    streams: streams.rows,
    sanitize,
    failures: [
      ...load.failures,
      ...others.map(({ name, reason, what }) => ({ subject: name, tools: 0, reason: `${what}: ${reason}` })),
    ],
    plan,
    versions: new Map(allSubjects.flatMap((subject) => toVersion(subject))),
  }
}

function toVersion(subject: Subject): [string, string][] {
  const version = readVersion(subject)
  return version === undefined ? [] : [[subject.name, version]]
}

async function writePage(found: Report): Promise<void> {
  const page = join(root, 'docs/reference/performance.md')
  await writeFile(page, toPage(found))
  say('wrote docs/reference/performance.md')
}
