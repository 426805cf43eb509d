import type { Observer } from './observation.ts'

/** One observer that hands everything to each of them. One that throws does not keep the others from hearing. */
export function combineObservers(observers: readonly Observer[]): Observer {
  return (observation) => {
    for (const observer of observers) {
      try {
        observer(observation)
      } catch (cause) {
        report(observers, observer, cause)
      }
    }
  }
}

function report(observers: readonly Observer[], broken: Observer, cause: unknown): void {
  for (const observer of observers) {
    if (observer === broken) continue
    try {
      observer({ type: 'fault', message: 'An observer failed.', cause })
    } catch {
      // It is as broken as the first; there is nobody left to tell.
    }
  }
}
