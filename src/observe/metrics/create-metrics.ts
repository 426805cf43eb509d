import type { Observer } from '../observation.ts'
import type { MetricsOptions } from '../options.ts'
import { METRICS, type MetricName } from './metric-table.ts'
import { watchProcess } from './process-metrics.ts'
import { createMetricsObserver } from './record-metrics.ts'
import { createFamilies, type Families } from './registry.ts'
import { type Format, writeExposition } from './write-exposition.ts'

/** What was measured since the process started. */
export interface Metrics {
  readonly families: Families<MetricName>
  readonly observe: Observer
  /** Where they are served. */
  readonly path: string
  /** All of them, written in slices; what happens between two slices is in those that follow. */
  write(format: Format): Iterable<string>
  /** Lets go of the process. */
  close(): void
}

/** Makes the metrics of this process; `version` is Toolgate's own. */
export function createMetrics({ maxClients, path }: Omit<MetricsOptions, 'enabled'>, version: string): Metrics {
  const families = createFamilies(METRICS)
  return {
    families,
    path,
    observe: createMetricsObserver(families, { maxClients }),
    write: (format) => writeExposition(Object.values(families), format),
    close: watchProcess(families, version),
  }
}
