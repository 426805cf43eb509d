/** The value below which this part of the sorted values lies (nearest rank). */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN
}

/** The middle value; of an even count the lower one of the two, so that it is always a value that was measured. */
export function median(values: readonly number[]): number {
  return percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
}

/** One round of load on one subject, as it was counted. */
export interface Round {
  readonly answers: number
  readonly wallMs: number
  /** The subject's own, user and system. */
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Cores that were busy with neither the subject nor the generator. */
  readonly otherLoad: number
}

/** What all rounds of a subject say together. */
export interface Figures {
  readonly cpuUsPerCall: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly medianCpuUsPerCall: number
  readonly worstCpuUsPerCall: number
  /** Lowest and highest of the rounds. */
  readonly otherLoad: readonly [number, number]
  readonly answers: number
}

/**
 * CPU per call, calls per second and latency, all three of one round: the one with the least CPU per call.
 * Neighbours on a shared machine only ever add to it (cold caches, a core's other thread), so the lowest round is the one
 * they disturbed least; the median and the worst stand beside it.
 */
export function summarise(rounds: readonly Round[]): Figures {
  const sorted = [...rounds].sort((a, b) => toCpuPerCall(a) - toCpuPerCall(b))
  const best = sorted[0]
  if (!best) throw new Error('no round was measured')
  const otherLoads = rounds.map((round) => round.otherLoad)
  return {
    cpuUsPerCall: toCpuPerCall(best),
    requestsPerSecond: (best.answers / best.wallMs) * 1000,
    p50Ms: best.p50Ms,
    p99Ms: best.p99Ms,
    medianCpuUsPerCall: median(rounds.map(toCpuPerCall)),
    worstCpuUsPerCall: Math.max(...rounds.map(toCpuPerCall)),
    otherLoad: [Math.min(...otherLoads), Math.max(...otherLoads)],
    answers: rounds.reduce((sum, round) => sum + round.answers, 0),
  }
}

function toCpuPerCall(round: Round): number {
  return round.cpuUs / round.answers
}
