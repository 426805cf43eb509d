import type { ExposedTable, Exposure } from './exposure.ts'

/** Looks from time to time at whether the schema is still what is offered. */
export interface SchemaWatch {
  /** Says what is offered; the next look is compared with it. */
  saw(exposure: Exposure): void
  start(): void
  /** Idempotent. A look under way is cut. */
  stop(): void
}

interface Watching {
  /** Milliseconds; 0 never looks. */
  readonly everyMs: number
  readonly read: (signal: AbortSignal) => Promise<Exposure>
  readonly changed: (exposure: Exposure) => void
  readonly report: (thrown: unknown) => void
}

/** Makes the watch. It keeps no process alive, and a look that fails is told once until one succeeds. */
export function createSchemaWatch({ everyMs, read, changed, report }: Watching): SchemaWatch {
  const stopping = new AbortController()
  let known = ''
  let isFailing = false
  let timer: NodeJS.Timeout | undefined

  async function look(): Promise<void> {
    try {
      const exposure = await read(stopping.signal)
      isFailing = false
      const seen = fingerprint(exposure)
      if (seen !== known && !stopping.signal.aborted) {
        known = seen
        changed(exposure)
      }
    } catch (thrown) {
      if (!isFailing && !stopping.signal.aborted) report(thrown)
      isFailing = true
    }
    plan()
  }

  function plan(): void {
    if (everyMs === 0 || stopping.signal.aborted) return
    timer = setTimeout(look, everyMs).unref()
  }

  return {
    saw(exposure) {
      known = fingerprint(exposure)
    },
    start: plan,
    stop() {
      stopping.abort()
      clearTimeout(timer)
    },
  }
}

/** Without the estimates of rows, which change all the time. */
function fingerprint({ tables, mistakes }: Exposure): string {
  const told = tables.map(({ table: { estimatedRows, ...table }, description }: ExposedTable) => [table, description])
  return JSON.stringify([told, mistakes])
}
