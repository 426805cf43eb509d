import { mkdir } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Figures, type Round, summarise } from './arithmetic.ts'
import type { Target } from './load/mcp-request.ts'
import type { Generator } from './process/generator.ts'
import { findFreePort, type RunningSubject, startSubject } from './process/running-subject.ts'
import type { Subject } from './subjects/subject.ts'

/** What one subject came to with so many tools. */
export interface LoadRow {
  readonly subject: Subject
  readonly tools: number
  readonly figures: Figures
  readonly idleRssBytes: number
}

/** A subject that could not be measured, and why. */
export interface Failure {
  readonly subject: string
  readonly tools: number
  readonly reason: string
}

export interface LoadPlan {
  readonly subjects: readonly Subject[]
  readonly toolCounts: readonly number[]
  readonly warmUpMs: number
  /** Ends the warm-up sooner: a fast subject is warm after as many calls, a slow one never gets there. */
  readonly warmUpCalls: number
  readonly roundMs: number
  /** At most so many; fewer when `endsAt` comes first, but always one. */
  readonly rounds: number
  /** On `performance.now()`'s scale. When little time is left until then, warm-ups are cut to fit. */
  readonly endsAt: number
}

export interface Bench {
  readonly generator: Generator
  /** Where subjects may write; removed after the run. */
  readonly directory: string
  readonly say: (line: string) => void
}

interface Contender {
  readonly subject: Subject
  readonly tools: number
  readonly target: Target
  readonly running: RunningSubject
  readonly idleRssBytes: number
  readonly rounds: Round[]
}

/** How long a subject may take until it answers its first call. */
const START_TIMEOUT_MS = 60_000

/** Between the last answer and the reading of the clock: what a subject puts off until then belongs to the round. */
const SETTLE_MS = 30

/**
 * Starts every subject with every tool count, warms each up, then measures them in turn, round after round, so that a loud
 * minute on the machine falls on all of them alike.
 */
export async function measureLoad(bench: Bench, plan: LoadPlan): Promise<{ rows: LoadRow[]; failures: Failure[] }> {
  const failures: Failure[] = []
  const contenders = await startAll(bench, plan, failures)
  try {
    for (const [index, contender] of contenders.entries()) {
      bench.say(`warming up ${contender.subject.name} with ${contender.tools} tools`)
      const durationMs = toWarmUpMs(plan, contenders.length, index)
      const warmUp = (): Promise<void> => warmUpFor(contender, bench.generator, { durationMs, calls: plan.warmUpCalls })
      await attempt(contender, failures, warmUp, bench)
    }
    for (let round = 0; round < plan.rounds && (round === 0 || performance.now() < plan.endsAt); round++) {
      bench.say(`round ${round + 1}`)
      for (const contender of contenders) {
        await attempt(contender, failures, () => measureRound(contender, bench.generator, plan.roundMs), bench)
      }
    }
  } finally {
    await Promise.all(contenders.map(({ running }) => running.stop()))
  }
  const hasFailed = (row: Contender): boolean =>
    failures.some(({ subject, tools }) => subject === row.subject.name && tools === row.tools)
  const rows = contenders
    .filter((contender) => !hasFailed(contender))
    .map(({ subject, tools, idleRssBytes, rounds }) => ({ subject, tools, idleRssBytes, figures: summarise(rounds) }))
  return { rows, failures }
}

async function startAll(bench: Bench, plan: LoadPlan, failures: Failure[]): Promise<Contender[]> {
  const wanted = plan.toolCounts.flatMap((tools) => plan.subjects.map((subject) => ({ subject, tools })))
  bench.say(`starting ${wanted.length} servers`)
  // All processes load side by side; the generator then asks one after the other.
  const starting = wanted.map(({ subject, tools }) => ({ subject, tools, process: start(bench, subject, tools) }))
  await Promise.allSettled(starting.map(({ process }) => process))
  const started: Contender[] = []
  for (const { subject, tools, process } of starting) {
    try {
      const { running, target } = await awaitFirstCall(bench.generator, await process)
      const { rssBytes } = await running.readUsage()
      started.push({ subject, tools, target, running, idleRssBytes: rssBytes, rounds: [] })
    } catch (error) {
      failures.push(toFailure(subject.name, tools, error, bench))
    }
  }
  return started
}

/** A subject's process and where it is asked. */
export interface Started {
  readonly running: RunningSubject
  readonly target: Target
}

/** A subject's process with its first calls answered, one on each connection. */
export async function launch(bench: Bench, subject: Subject, nodeOptions: readonly string[] = []): Promise<Started> {
  return awaitFirstCall(bench.generator, await start(bench, subject, 1, nodeOptions))
}

async function start(
  bench: Bench,
  subject: Subject,
  tools: number,
  nodeOptions: readonly string[] = [],
): Promise<Started> {
  const directory = join(bench.directory, `${subject.name}-${tools}-${launches++}`)
  await mkdir(directory, { recursive: true })
  const prepared = await subject.prepare({ tools, port: await findFreePort(), directory })
  return { running: startSubject(prepared.launch, nodeOptions), target: prepared.target }
}

let launches = 0

async function awaitFirstCall(generator: Generator, started: Started): Promise<Started> {
  const endsAt = performance.now() + START_TIMEOUT_MS
  for (let wrongAnswers = 0; ; ) {
    try {
      await generator.connect(started.target)
      return started
    } catch (error) {
      const { message } = error as Error
      // A refused connection means "not yet"; a wrong answer is given a second chance and then believed.
      if (!message.includes('ECONNREFUSED')) wrongAnswers++
      const isHopeless = wrongAnswers > 2 || started.running.hasEnded() || performance.now() > endsAt
      if (isHopeless) {
        await started.running.stop()
        throw new Error(`${message} ${started.running.lastOutput()}`.trim())
      }
      await wait(25)
    }
  }
}

/** The planned warm-up, or this subject's share of what is left beside one round of all. */
function toWarmUpMs(plan: LoadPlan, contenders: number, index: number): number {
  const reservedMs = contenders * (plan.roundMs + 200)
  const leftMs = plan.endsAt - performance.now() - reservedMs
  return Math.max(300, Math.min(plan.warmUpMs, leftMs / (contenders - index)))
}

async function warmUpFor(
  contender: Contender,
  generator: Generator,
  limits: { readonly durationMs: number; readonly calls: number },
): Promise<void> {
  await generator.connect(contender.target)
  await generator.load(limits.durationMs, limits.calls)
}

async function measureRound(contender: Contender, generator: Generator, roundMs: number): Promise<void> {
  await generator.connect(contender.target)
  const busyBefore = readBusyUs()
  const before = await contender.running.readUsage()
  const report = await generator.load(roundMs)
  await wait(SETTLE_MS)
  const after = await contender.running.readUsage()
  if (report.faults > 0) {
    throw new Error(`${report.faults} of ${report.answers} calls were answered wrongly: ${report.firstFault}`)
  }
  const cpuUs = after.cpuUs - before.cpuUs
  const otherUs = readBusyUs() - busyBefore - cpuUs - report.cpuUs
  const { answers, wallMs, p50Ms, p99Ms } = report
  contender.rounds.push({ answers, wallMs, cpuUs, p50Ms, p99Ms, otherLoad: Math.max(0, otherUs / (wallMs * 1000)) })
}

/** What all cores together were busy with until now. */
function readBusyUs(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) * 1000
}

/** A subject that fails is named with the reason and left out from there on; the others go on. */
async function attempt(
  contender: Contender,
  failures: Failure[],
  step: () => Promise<unknown>,
  bench: Bench,
): Promise<void> {
  const { subject, tools } = contender
  if (failures.some((failure) => failure.subject === subject.name && failure.tools === tools)) return
  try {
    await step()
  } catch (error) {
    failures.push(toFailure(subject.name, tools, error, bench))
  }
}

function toFailure(subject: string, tools: number, error: unknown, bench: Bench): Failure {
  const reason = error instanceof Error ? error.message : String(error)
  bench.say(`${subject} with ${tools} tools failed: ${reason}`)
  return { subject, tools, reason }
}
