import { availableParallelism } from 'node:os'
import type { DiskReport } from './disk.ts'
import type { FaultReport } from './faults.ts'
import type { KillReport } from './kill.ts'
import type { LatencyReport } from './latency.ts'
import type { MemoryReport } from './memory.ts'
import type { Latencies, OpenLoopReport } from './open-loop.ts'
import type { OverloadReport } from './overload.ts'

/** docs/reference/reliability.md, made from one run. */
export function toPage({ kill, disks, overload, latency, memory }: FaultReport): string {
  return [
    '# Reliability',
    '',
    '<!-- Written by `npm run faults`. Do not edit. -->',
    '',
    `What became of a real server that was broken on purpose, in one run of \`npm run faults\` (Node ${process.version}, ${availableParallelism()} cores,`,
    'load and server on the same machine, audit trail in strict mode). Every promise on this page makes that command fail when it does',
    'not hold; the figures of time and memory are measured and promise nothing.',
    '',
    ...toKillPart(kill),
    ...toDiskPart(disks),
    ...toOverloadPart(overload),
    ...(latency === undefined ? [] : toLatencyPart(latency)),
    ...(memory === undefined ? [] : toMemoryPart(memory)),
  ].join('\n')
}

function toKillPart(kill: KillReport): readonly string[] {
  return [
    '## Killed under load',
    `\`kill -9\` at a random moment with 16 calls in flight, ${kill.rounds} times on the same trail, with a start and \`toolgate audit verify\` after each.`,
    '',
    '| | |',
    '|---|---|',
    `| calls answered | ${count(kill.answered)} |`,
    `| calls whose tool had its effect | ${count(kill.executed)} |`,
    `| answered, but their end is not on record | ${kill.answeredUnrecorded} |`,
    `| effects without a record of the decision | ${kill.executedUnrecorded} |`,
    `| trails that did not verify afterwards | ${kill.brokenTrails} |`,
    '',
  ]
}

function toDiskPart(disks: ReadonlyMap<string, DiskReport>): readonly string[] {
  const all = [...disks]
  const row = (what: string, of: (disk: DiskReport) => string): string =>
    `| ${what} | ${all.map(([, disk]) => of(disk)).join(' | ')} |`
  return [
    '## No room, or no right to write',
    all.length === 0
      ? 'Not run: this machine mounts no disk for a process of its own.'
      : 'A disk of 2 MB that fills up under load and gets room again, and one that is read-only at the start and writable later.',
    ...(all.length === 0
      ? []
      : [
          'Calls are refused with `AUDIT_UNAVAILABLE` meanwhile and taken up again without a restart.',
          '',
          `| | ${all.map(([trouble]) => trouble).join(' | ')} |`,
          `|---|${all.map(() => '---|').join('')}`,
          row('calls answered', ({ answered }) => count(answered)),
          row('calls whose tool had its effect', ({ executed }) => count(executed)),
          row('calls refused', ({ refused }) => count(refused)),
          row('answered, but their end is not on record', ({ answeredUnrecorded }) => count(answeredUnrecorded)),
          row('effects without a record of the decision', ({ executedUnrecorded }) => count(executedUnrecorded)),
          row('the trail verifies', ({ isVerified }) => (isVerified ? 'yes' : 'no')),
        ]),
    '',
  ]
}

function toOverloadPart(overload: OverloadReport): readonly string[] {
  const { sustainable, unloaded, onset, overloaded, after, unprotected } = overload
  const row = (what: string, { accepted, refused, unsent }: OpenLoopReport): string =>
    `| ${what} | ${count(accepted.count)} | ${of(accepted)} | ${count(refused.count)} | ${of(refused)} | ${count(unsent)} |`
  const ratio = unloaded.p99Ms === 0 ? 0 : overloaded.accepted.p99Ms / unloaded.p99Ms
  return [
    '## Called five times as often as it can serve',
    `A tool that keeps the processor busy for 1 ms; ${count(Math.round(sustainable))} calls a second are served to clients that wait for each answer. Five times as`,
    `many for ${overload.seconds} s from ${overload.clients} connections of one key, in another process on the same cores, each call sent when it is due;`,
    'a call that is due while every connection waits is not sent. Times are from when a call was due. Before and after: half of what',
    `it can serve. Accepted calls have ${ratio.toFixed(1)} times the 99th percentile of before; ${((overloaded.accepted.count / overload.seconds / sustainable) * 100).toFixed(0)} % of what it can serve was served.`,
    `Resident: ${mega(overload.rssBeforeBytes)} before and ${mega(overload.rssAfterBytes)} after.`,
    '',
    '| | answered | p50 / p99 | refused (503) | p50 / p99 | not sent |',
    '|---|---|---|---|---|---|',
    `| before | ${count(unloaded.count)} | ${of(unloaded)} | 0 | | 0 |`,
    row('the first 2 s of it', onset),
    row('overloaded', overloaded),
    row('the 5 s after', after),
    row('overloaded, with `server.overload.enabled: false`', unprotected),
    '',
  ]
}

function of({ count: calls, p50Ms, p99Ms }: Latencies): string {
  return calls === 0 ? '' : `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)} ms`
}

function toLatencyPart(latency: LatencyReport): readonly string[] {
  const { withTrail, withoutTrail } = latency
  const more = (withTrail.p99Ms - withoutTrail.p99Ms).toFixed(1)
  return [
    '## What the trail adds to an answer',
    `${count(latency.callsPerSecond)} calls a second from ${latency.clients} clients, counted from when each was due, whatever the one before it`,
    `took; ${latency.rounds} rounds in turn, the medians. With the trail the 99th percentile is ${more} ms higher.`,
    '',
    '| | p50 | p99 |',
    '|---|---|---|',
    `| strict trail, every record on disk before its call goes on | ${withTrail.p50Ms.toFixed(1)} ms | ${withTrail.p99Ms.toFixed(1)} ms |`,
    `| the same server without a trail | ${withoutTrail.p50Ms.toFixed(1)} ms | ${withoutTrail.p99Ms.toFixed(1)} ms |`,
    '',
  ]
}

function toMemoryPart(memory: MemoryReport): readonly string[] {
  const growth = (memory.heapAfterBytes - memory.heapBeforeBytes) / 1024 / (memory.calls / 100_000)
  return [
    '## Memory',
    `Live heap after a collection, before and after ${count(memory.calls)} calls (${count(memory.warmUpCalls)} came first): ${mega(memory.heapBeforeBytes)} and`,
    `${mega(memory.heapAfterBytes)}, ${growth.toFixed(0)} KB for each 100,000 calls. Resident: ${mega(memory.rssBeforeBytes)} and ${mega(memory.rssAfterBytes)}.`,
    '',
  ]
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}

function mega(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`
}
