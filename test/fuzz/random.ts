/** Draws that are the same for the same seed. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  pick<T>(items: readonly T[]): T
  chance(probability: number): boolean
}

/** Mulberry32: small, quick, and good enough to choose what to break next. */
function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    next,
    below,
    pick: (items) => items[below(items.length)]!,
    chance: (probability) => next() < probability,
  }
}

/** What a run is made of: `FUZZ_SEED`, `FUZZ_COUNT` and `FUZZ_ONLY` (the number of one case) in the environment. */
export interface RunPlan {
  readonly seed: number
  readonly first: number
  readonly count: number
}

/** Reads the plan of one kind of case and says it, so that a failure can be had again. */
export function readPlan(what: string, usualCount: number): RunPlan {
  const { FUZZ_SEED, FUZZ_COUNT, FUZZ_ONLY } = process.env
  const seed = Number(FUZZ_SEED ?? 20260728)
  const only = FUZZ_ONLY === undefined ? undefined : Number(FUZZ_ONLY)
  const plan = { seed, first: only ?? 0, count: only === undefined ? Number(FUZZ_COUNT ?? usualCount) : 1 }
  console.log(`fuzz: ${what}: FUZZ_SEED=${seed}, ${plan.count} cases from ${plan.first}`)
  return plan
}

/** The draws of one case: it needs no other case to be made again. */
export function randomOfCase({ seed }: RunPlan, index: number): Random {
  return createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b))
}
