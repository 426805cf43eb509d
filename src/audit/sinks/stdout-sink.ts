import type { AuditSink } from './audit-sink.ts'
import type { FormatRecord } from './format-records.ts'

/** What a sink on standard output needs. */
export interface StdoutSinkParts {
  readonly name: string
  readonly format: FormatRecord
  /** Writes text and answers when it was taken, or that it was not. */
  readonly write: (text: string) => Promise<void>
}

/** A line a record on standard output. A reader that does not read holds the sink up, and nothing else. */
export function createStdoutSink({ name, format, write }: StdoutSinkParts): AuditSink {
  return {
    name,
    send: async (records, signal) => {
      signal.throwIfAborted()
      const written = write(records.map((record) => `${format(record)}\n`).join(''))
      await Promise.race([written, untilAborted(signal)])
    },
    close: async () => undefined,
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
