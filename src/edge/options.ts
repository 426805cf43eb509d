import { z } from 'zod'

/** Limits of the sessions that revisions before 2026-07-28 keep. */
export interface SessionOptions {
  readonly idleMs: number
  readonly max: number
  readonly maxPerPrincipal: number
}

/** How long tasks are kept, and how many. */
export interface TaskOptions {
  readonly ttlMs: number
  readonly pollIntervalMs: number
  readonly max: number
  readonly maxPerPrincipal: number
  readonly maxRunning: number
  readonly maxRunningPerPrincipal: number
}

/** When calls over HTTP are refused because the process does not keep up. */
export interface OverloadOptions {
  readonly enabled: boolean
  readonly maxDelayMs: number
  readonly windowMs: number
}

/** What is served only for clients that have not moved on. */
export interface CompatOptions {
  readonly sse: boolean
}

/** How the server ends. */
export interface DrainOptions {
  readonly delayMs: number
  readonly timeoutMs: number
}

/** How MCP is served over HTTP; what concerns the messages themselves holds on every transport. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly publicUrl?: string
  readonly allowedHosts: readonly string[]
  readonly allowedOrigins: readonly string[]
  readonly maxBodyBytes: number
  readonly maxJsonDepth: number
  readonly pageSize: number
  readonly keepAliveMs: number
  readonly maxStreams: number
  readonly maxStreamsPerPrincipal: number
  readonly sessions: SessionOptions
  readonly tasks: TaskOptions
  readonly askTimeoutMs: number
  readonly stateTtlMs: number
  readonly cacheTtlMs: number
  readonly drain: DrainOptions
  readonly overload: OverloadOptions
  readonly compat: CompatOptions
}

/** `server` as it may be written: every option has a default. */
export type ServerInput = Partial<Omit<ServerOptions, 'sessions' | 'tasks' | 'drain' | 'overload' | 'compat'>> & {
  readonly sessions?: Partial<SessionOptions>
  readonly tasks?: Partial<TaskOptions>
  readonly drain?: Partial<DrainOptions>
  readonly overload?: Partial<OverloadOptions>
  readonly compat?: Partial<CompatOptions>
}

/** The longest time a timer of Node can wait; a longer one would fire at once. */
const LONGEST_MS = 2_147_483_647
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)$/
const LISTEN_HOST = /^([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?)$/
const ORIGIN = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?$/
const PUBLIC_URL =
  /^(https:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)|http:\/\/(localhost|127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(\/[A-Za-z0-9\-._~]+)*$/
const PATH = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/]*$/

const count = (max = 10_000_000): z.ZodNumber => z.int().min(1).max(max)
const milliseconds = (min = 1): z.ZodNumber => z.int().min(min).max(LONGEST_MS)

const sessions: z.ZodType<SessionOptions> = z.strictObject({
  idleMs: milliseconds().default(1_800_000).describe('Milliseconds without a request after which a session ends.'),
  max: count().default(10_000).describe('Open sessions in all.'),
  maxPerPrincipal: count().default(100).describe('Open sessions of one principal.'),
})

const tasks: z.ZodType<TaskOptions> = z.strictObject({
  ttlMs: milliseconds()
    .default(3_600_000)
    .describe('Milliseconds from its start for which a task is kept; one that still runs then is stopped.'),
  pollIntervalMs: milliseconds()
    .default(2000)
    .describe('Milliseconds that clients are told to wait between two looks.'),
  max: count().default(10_000).describe('Tasks kept in all, ended ones too.'),
  maxPerPrincipal: count().default(1000).describe('Tasks kept of one principal.'),
  maxRunning: count()
    .default(500)
    .describe(
      'Tasks whose handler runs, of all principals together, in this process; each holds a place of a call, too.',
    ),
  maxRunningPerPrincipal: count().default(50).describe('Of these, tasks of one principal.'),
})

const drain: z.ZodType<DrainOptions> = z.strictObject({
  delayMs: milliseconds(0)
    .default(0)
    .describe(
      'Milliseconds for which a server that is to end still takes requests, while it says that it is not ready.',
    ),
  timeoutMs: milliseconds()
    .default(10_000)
    .describe('Milliseconds that running calls then have to end; the rest is cancelled.'),
})

const overload: z.ZodType<OverloadOptions> = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .describe('Whether calls over HTTP are refused with 503 while the process does not keep up.'),
  maxDelayMs: milliseconds()
    .default(100)
    .describe(
      'Milliseconds that calls may take on average while the event loop has no time to spare; beyond it is an overload.',
    ),
  windowMs: milliseconds().default(200).describe('Milliseconds for which that must last.'),
})

const compat: z.ZodType<CompatOptions> = z.strictObject({
  sse: z
    .boolean()
    .default(false)
    .describe('Whether the HTTP+SSE transport of revision 2024-11-05 is served too: GET `/sse` and POST `/messages`.'),
})

/** The options under `server`, with their defaults. */
export const serverOptions: z.ZodType<ServerOptions> = z.strictObject({
  host: z
    .string()
    .regex(LISTEN_HOST, { error: 'a host name or an IP address to listen on, such as 127.0.0.1' })
    .default('127.0.0.1')
    .describe('Host name or IP address to listen on.'),
  port: z.int().min(0).max(65_535).default(3000).describe('Port to listen on; 0 takes any free one.'),
  path: z
    .string()
    .regex(PATH, { error: 'a path that starts with /, such as /mcp, without query or spaces' })
    .default('/mcp')
    .describe('Path of the MCP endpoint.'),
  publicUrl: z
    .string()
    .regex(PUBLIC_URL, { error: 'a URL such as https://mcp.example.com, without query and without a slash at the end' })
    .exactOptional()
    .describe(
      'URL under which clients reach the server, without `path`. Its host may stand in the Host header. OAuth needs it, unless the server listens for this machine alone.',
    ),
  allowedHosts: z
    .array(z.string().regex(HOST, { error: 'a host name without scheme, port or path, such as mcp.example.com' }))
    .default([])
    .describe('Host names that the Host header may carry, with any port, beside the loopback names and `server.host`.'),
  allowedOrigins: z
    .array(z.string().regex(ORIGIN, { error: 'an origin without path, such as https://app.example.com' }))
    .default([])
    .describe('Origins whose pages may use the server, beside those on loopback.'),
  maxBodyBytes: count(1_073_741_824).default(1_048_576).describe('Bytes a request body may have.'),
  maxJsonDepth: count(1000).default(64).describe('Levels that objects and arrays in a request may be nested.'),
  pageSize: count(10_000).default(200).describe('Items on one page of a list.'),
  keepAliveMs: milliseconds()
    .default(15_000)
    .describe('Milliseconds between the comments that keep an idle stream open.'),
  maxStreams: count()
    .default(10_000)
    .describe(
      'Open event streams in all. At most 256 MiB wait for those who do not read, kept events of lost streams included.',
    ),
  maxStreamsPerPrincipal: count()
    .default(100)
    .describe(
      'Open event streams of one principal. At most 16 MiB wait for it; beyond that it loses the stream with the most.',
    ),
  sessions: sessions
    .prefault({})
    .describe('Sessions of clients that speak a revision before 2026-07-28; newer ones need none.'),
  tasks: tasks.prefault({}).describe('Tools that run as tasks; see docs/how-to/run-long-work-as-a-task.md.'),
  askTimeoutMs: milliseconds()
    .default(300_000)
    .describe('Milliseconds that a client of a revision before 2026-07-28 has to answer a question to its user.'),
  stateTtlMs: milliseconds().default(600_000).describe('Milliseconds for which a sealed `requestState` is accepted.'),
  cacheTtlMs: milliseconds(0)
    .default(0)
    .describe('Milliseconds for which clients may keep lists and reads; 0 is not at all.'),
  drain: drain.prefault({}).describe('How the server ends on SIGTERM or SIGINT.'),
  overload: overload
    .prefault({})
    .describe('When calls over HTTP are refused unread; see docs/how-to/watch-a-server.md.'),
  compat: compat.prefault({}).describe('What is served only for clients that have not moved on.'),
})
