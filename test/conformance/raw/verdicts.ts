import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Place } from './check.ts'

/** `deviates`: known not to hold, and said so. */
export type Verdict = 'holds' | 'deviates' | 'fails'

/** What the last run found, by check and place. */
export type Verdicts = Readonly<Record<string, Readonly<Partial<Record<Place, Verdict>>>>>

export const VERDICTS_FILE: string = fileURLToPath(new URL('./verdicts.json', import.meta.url))

/** The verdicts that the suite last wrote; the suite fails when it comes to others. */
export function readVerdicts(): Verdicts {
  return JSON.parse(readFileSync(VERDICTS_FILE, 'utf8')) as Verdicts
}
