import type { Config } from '../config/config.ts'
import { combineObservers } from '../observe/combine-observers.ts'
import { createLogObserver } from '../observe/log-observer.ts'
import type { Observer } from '../observe/observation.ts'
import type { AppOptions } from './app.ts'

/** The log, beside whoever else is told of what happens. */
export interface AppLog {
  readonly observe: Observer
  /** Goes on as another configuration says. */
  use(config: Config): void
}

/** Makes the log of a configuration. */
export function createLog(config: Config, { writeLog, clock, observer }: AppOptions): AppLog {
  const open = (options: Config['log']): Observer =>
    createLogObserver({
      ...options,
      ...(writeLog === undefined ? {} : { write: writeLog }),
      ...(clock === undefined ? {} : { clock }),
    })
  let current = open(config.log)
  const log: Observer = (observation) => current(observation)
  return {
    observe: observer === undefined ? log : combineObservers([log, observer]),
    use(next) {
      current = open(next.log)
    },
  }
}
