import { z } from 'zod'

/** How records are written for a sink. */
export type SinkFormat = 'jsonl' | 'ocsf' | 'cef'

interface CommonSinkOptions {
  /** Its name in the log and in the trail; the type where it is not given. */
  readonly name?: string
}

/** Lines on standard output. */
export interface StdoutSinkOptions extends CommonSinkOptions {
  readonly type: 'stdout'
  readonly format: SinkFormat
}

/** A syslog server. */
export interface SyslogSinkOptions extends CommonSinkOptions {
  readonly type: 'syslog'
  /** `host:port`. */
  readonly address: string
  readonly protocol: 'udp' | 'tcp' | 'tls'
  /** RFC 5424, table 1. */
  readonly facility: number
  readonly format: SinkFormat
  readonly timeoutMs: number
}

/** An HTTP endpoint that takes NDJSON. */
export interface HttpSinkOptions extends CommonSinkOptions {
  readonly type: 'http'
  readonly url: string
  readonly format: 'jsonl' | 'ocsf'
  readonly headers: Readonly<Record<string, string>>
  /** Name of a header to name of the variable that has its value. */
  readonly headersFromEnv: Readonly<Record<string, string>>
  readonly gzip: boolean
  readonly maxBatch: number
  readonly timeoutMs: number
}

/** A sink in the configuration; `type` tells which. */
export type SinkOptions = StdoutSinkOptions | SyslogSinkOptions | HttpSinkOptions

const name = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'letters, digits, - and _, at most 64 of them' })
  .exactOptional()
  .describe('Its name in the log and in the trail, unique among the sinks. Default: the type.')

const format = z
  .enum(['jsonl', 'ocsf', 'cef'])
  .default('jsonl')
  .describe('How records are written: as they stand in the trail, as OCSF 1.9, or as CEF.')

const timeoutMs = z
  .int()
  .min(100)
  .max(600_000)
  .default(10_000)
  .describe('How long the other side may take for a batch, in milliseconds.')

const stdoutSinkOptions = z.strictObject({
  type: z.literal('stdout').describe('Lines on standard output; not while stdio is served.'),
  name,
  format,
})

const syslogSinkOptions = z.strictObject({
  type: z.literal('syslog').describe('A syslog server: RFC 5424, with octet counting over TCP and TLS.'),
  name,
  address: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]]+):\d{1,5}$/, { error: 'host:port, such as logs.example.com:6514' })
    .describe('Host and port of the server.'),
  protocol: z
    .enum(['udp', 'tcp', 'tls'])
    .default('tls')
    .describe('How it is reached. Over `udp` nobody notices what gets lost; `tls` checks the certificate.'),
  facility: z.int().min(0).max(23).default(13).describe('Facility of RFC 5424; 13 is "log audit".'),
  format,
  timeoutMs,
})

const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const httpSinkOptions = z.strictObject({
  type: z.literal('http').describe('An HTTP endpoint that takes batches of lines of JSON in a POST.'),
  name,
  url: z
    .string()
    .regex(/^https?:\/\/[^\s/?#@]+(\/[^\s#]*)?$/, {
      error: 'a URL that starts with https:// or http://, without a user',
    })
    .describe('Where batches are posted. Redirects are not followed.'),
  format: z.enum(['jsonl', 'ocsf']).default('jsonl').describe('How records are written.'),
  headers: z
    .record(z.string().regex(HEADER), z.string().regex(/^[\x20-\x7e]*$/))
    .default({})
    .describe('Headers that are no secret.'),
  headersFromEnv: z
    .record(z.string().regex(HEADER), z.string().min(1))
    .default({})
    .describe(
      'Headers with a credential: name of the header to name of the environment variable that has its whole value.',
    ),
  gzip: z.boolean().default(false).describe('Whether batches are compressed.'),
  maxBatch: z.int().min(1).max(10_000).default(500).describe('Most records of a batch.'),
  timeoutMs,
})

/** The options under `audit.sinks`. */
export const sinkOptions: z.ZodType<readonly SinkOptions[]> = z.array(
  z.discriminatedUnion('type', [stdoutSinkOptions, syslogSinkOptions, httpSinkOptions]),
)

/** What a sink is called. */
export function sinkNameOf({ name: given, type }: SinkOptions): string {
  return given ?? type
}
