import type { Config } from '../config/config.ts'
import { combineObservers } from '../observe/combine-observers.ts'
import { createLogObserver } from '../observe/log-observer.ts'
import type { Observer } from '../observe/observation.ts'
import { Tally } from '../sanitize/apply-findings.ts'
import { createSanitizer } from '../sanitize/sanitizer.ts'
import type { AppOptions } from './app.ts'

/** The log, beside whoever else is told of what happens. */
export interface AppLog {
  readonly observe: Observer
  /** Goes on as another configuration says. */
  use(config: Config): void
}

/** Makes the log of a configuration; others hear the same. */
export function createLog(
  config: Config,
  { writeLog, clock, observer }: AppOptions,
  others: readonly (Observer | undefined)[] = [],
): AppLog {
  const open = (wanted: Config): Observer =>
    createLogObserver({
      ...wanted.log,
      ...maskOf(wanted),
      ...(writeLog === undefined ? {} : { write: writeLog }),
      ...(clock === undefined ? {} : { clock }),
    })
  let current = open(config)
  const hearing = [...others, observer].filter((other) => other !== undefined)
  const log: Observer = (observation) => current(observation)
  return {
    observe: hearing.length === 0 ? log : combineObservers([log, ...hearing]),
    use(next) {
      current = open(next)
    },
  }
}

/** Configured values are not for the log either; what looks like a secret it masks by itself. */
function maskOf({ sanitize }: Config): { readonly mask?: (line: string) => string } {
  if (sanitize.values.length === 0) return {}
  const parts = { secrets: false, values: sanitize.values, hashKey: new Uint8Array(32) }
  const masker = createSanitizer(parts).maskerFor([])
  return { mask: (line) => masker.mask(line, new Tally()) }
}
