import { type IntervalHistogram, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import process from 'node:process'
import type { MetricName } from './metric-table.ts'
import type { Families, Reading } from './registry.ts'

/** How often the delay of the event loop is looked at, and how long a look back reaches at least. */
const LOOK_MS = 20
const WINDOW_MS = 10_000

/** Fills in what the process itself knows. Returns how to stop looking at the event loop. */
export function watchProcess(families: Families<MetricName>, version: string): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS })
  delay.enable()
  const startedAt = performance.timeOrigin / 1000
  families.toolgate_build.set([version, process.version], 1)
  families.process_start_time_seconds.set([], startedAt)
  families.process_cpu_seconds.pull(() => one(cpuSeconds()))
  families.process_resident_memory_bytes.pull(() => one(process.memoryUsage.rss()))
  families.nodejs_heap_size_used_bytes.pull(() => one(process.memoryUsage().heapUsed))
  families.toolgate_event_loop_active_seconds.pull(() => one(performance.eventLoopUtilization().active / 1000))
  families.toolgate_event_loop_delay_seconds.pull(createDelayReader(delay))
  return () => delay.disable()
}

function one(value: number): Reading {
  return [[[], value]]
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Two collectors must not take the time from each other, so a window that is young is read but not ended. */
function createDelayReader(delay: IntervalHistogram): () => Reading {
  let since = performance.now()
  return () => {
    const reading: Reading = [
      [['p50'], toSeconds(delay.percentile(50))],
      [['p99'], toSeconds(delay.percentile(99))],
      [['max'], toSeconds(delay.count === 0 ? 0 : delay.max)],
    ]
    if (performance.now() - since >= WINDOW_MS) {
      since = performance.now()
      delay.reset()
    }
    return reading
  }
}

/** What is measured is the time between two looks, in nanoseconds. */
function toSeconds(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LOOK_MS) / 1000
}
