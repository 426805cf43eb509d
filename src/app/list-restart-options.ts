import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'

/** Sections whose options hold from the start of the process to its end. */
const FIXED = ['server', 'storage', 'audit', 'metrics', 'usage'] as const

/** The options, as `server.port`, in which two configurations differ and that a running server cannot take over. */
export function listRestartOptions(before: Config, after: Config): readonly string[] {
  return FIXED.flatMap((section) => {
    const old = new Map(Object.entries(before[section]))
    const now = new Map(Object.entries(after[section]))
    const names = [...new Set([...old.keys(), ...now.keys()])]
    return names.filter((name) => !isDeepStrictEqual(old.get(name), now.get(name))).map((name) => `${section}.${name}`)
  })
}
