import { setTimeout } from 'node:timers/promises'

/** Waits for something, but no longer than this. */
export async function waitAtMost(milliseconds: number, something: Promise<void>): Promise<void> {
  const waiting = new AbortController()
  const { signal } = waiting
  await Promise.race([something, setTimeout(milliseconds, undefined, { signal }).catch(() => {})])
  waiting.abort()
}
