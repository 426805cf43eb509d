import type { ChainTrail } from '../audit/chain-audit-trail.ts'
import type { Config } from '../config/config.ts'
import type { Observer } from '../observe/observation.ts'
import type { ChainRetention } from './trail/retain-trail.ts'

/** Removes old records by itself. */
export interface AuditRetention {
  /** Looks now and once a day from then on, where `audit.retention` is set. */
  start(): void
  /** Resolves when nothing is removed any more. Idempotent. */
  close(): Promise<void>
}

interface Parts {
  /** `undefined` where the records go somewhere else. */
  readonly trail: ChainTrail | undefined
  readonly observer: Observer
  readonly clock: () => number
}

const DAY_MS = 86_400_000
/** What somebody should look at: it does not pass with time. */
const WORRYING: ReadonlySet<string> = new Set(['altered', 'unsent', 'clock'])

/** The retention of a configuration. A run that fails is told and tried again the next day; calls wait for none. */
export function createAuditRetention(config: Config, { trail, observer, clock }: Parts): AuditRetention {
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    if (ending.signal.aborted || trail === undefined) return
    try {
      const { retainTrail } = await import('./trail/retain-trail.ts')
      for (const chain of await retainTrail(config, { trail, clock, signal: ending.signal })) tell(chain, observer)
    } catch (cause) {
      if (ending.signal.aborted) return
      observer({ type: 'fault', message: 'Old records of the audit trail could not be removed.', cause })
    }
  }
  const runNext = (): void => {
    running = running.then(run)
  }
  return {
    start() {
      if (timer !== undefined || trail === undefined || Object.keys(config.audit.retention).length === 0) return
      timer = setInterval(runNext, DAY_MS).unref()
      runNext()
    },
    async close() {
      clearInterval(timer)
      ending.abort()
      await running
    },
  }
}

function tell({ chain, segments, records, keptFrom, kept }: ChainRetention, observer: Observer): void {
  if (segments.length > 0) {
    const details = { chain, records, keptFrom }
    observer({ type: 'trail.shortened', message: 'Old records of the audit trail were removed', details })
  }
  if (!WORRYING.has(kept.kind)) return
  observer({ type: 'warning', message: `The audit trail is not shortened: ${kept.message}`, details: { chain } })
}
