import { setTimeout } from 'node:timers/promises'

/** How pauses are made and spread. */
export interface Pauses {
  /** Resolves after as many milliseconds, or as soon as the signal fires; never rejects. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>
  /** At least 0, less than 1. */
  readonly random: () => number
}

/** Real time. A pause does not keep the process alive. */
export const realPauses: Pauses = {
  wait: (ms, signal) => setTimeout(ms, undefined, { signal, ref: false }).catch(() => undefined),
  random: Math.random,
}

const FIRST_MS = 1_000
const LONGEST_MS = 60_000

/** Tries until it succeeds or the signal fires, with growing pauses; the first comes before the first try. Answers the number of tries. */
export async function retryConnecting(
  attempt: () => Promise<boolean>,
  signal: AbortSignal,
  { wait, random }: Pauses,
): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    await wait(delayBefore(tries, random()), signal)
    if (signal.aborted || (await attempt())) return tries
  }
}

/** Between half and all of what doubles, so that many processes do not come back at one moment. */
function delayBefore(tries: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries - 1, 10)) * (0.5 + random / 2)
}
