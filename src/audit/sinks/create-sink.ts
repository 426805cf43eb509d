import { hostname } from 'node:os'
import { ToolgateError } from '../../errors.ts'
import type { AuditSink } from './audit-sink.ts'
import { formatFor } from './format-records.ts'
import { createHttpSink } from './http-sink.ts'
import { type HttpSinkOptions, type SinkOptions, sinkNameOf } from './options.ts'
import { createStdoutSink } from './stdout-sink.ts'
import { createSyslogSink } from './syslog-sink.ts'

/** What sinks need of their process. */
export interface SinkSurroundings {
  /** Of Toolgate. */
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly writeStdout: (text: string) => Promise<void>
}

/** The sink of an entry of `audit.sinks`. Throws `CONFIG_INVALID` when a variable that it needs is not set. */
export function createSink(options: SinkOptions, { version, environment, writeStdout }: SinkSurroundings): AuditSink {
  const name = sinkNameOf(options)
  const format = formatFor(options.format, version)
  switch (options.type) {
    case 'stdout':
      return createStdoutSink({ name, format, write: writeStdout })
    case 'syslog': {
      const at = options.address.lastIndexOf(':')
      const host = options.address.slice(0, at).replace(/^\[|\]$/g, '')
      const { protocol, facility, timeoutMs } = options
      const port = Number(options.address.slice(at + 1))
      return createSyslogSink({ name, format, host, port, protocol, facility, timeoutMs, hostname: hostname() })
    }
    case 'http': {
      const headers = { ...options.headers, ...readHeaders(options, environment) }
      const { url, gzip: isCompressed, timeoutMs } = options
      return createHttpSink({ name, format, url, headers, isCompressed, timeoutMs })
    }
  }
}

function readHeaders(options: HttpSinkOptions, environment: SinkSurroundings['environment']): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [header, variable] of Object.entries(options.headersFromEnv)) {
    const value = environment[variable]
    if (value === undefined || value === '') throw missing(options, variable, 'is not set')
    if (/[^\x20-\x7e]/.test(value)) throw missing(options, variable, 'has characters that a header cannot have')
    headers[header] = value
  }
  return headers
}

function missing(options: HttpSinkOptions, variable: string, what: string): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `The environment variable ${variable}, which the audit sink ${sinkNameOf(options)} needs, ${what}.`,
    hint: `Set ${variable}, or take it out of headersFromEnv.`,
  })
}
