import { z } from 'zod'
import type { AuditLevel } from './audit-record.ts'
import { type SinkOptions, sinkOptions } from './sinks/options.ts'

/** Where the audit trail goes and what it promises. */
export interface AuditOptions {
  /** Absolute. */
  readonly directory: string
  /** Absolute. */
  readonly checkpoints: string
  readonly mode: 'strict' | 'best-effort'
  readonly segmentBytes: number
  readonly levels: readonly AuditLevelOptions[]
  readonly holds: readonly string[]
  readonly retention: RetentionOptions
  readonly sinks: readonly SinkOptions[]
}

/** How long records are kept by class: days, as `400d`, or `forever`. */
export type RetentionOptions = Readonly<Partial<Record<RecordClass | 'default', string>>>

/** What records are told apart by when it comes to how long they are kept. */
export type RecordClass = 'calls' | 'lists' | 'access' | 'config' | 'lifecycle' | 'trail'

/** How much of the payloads of what it selects is recorded; the selector's parts stand beside `level`. */
export interface AuditLevelOptions {
  readonly name?: string
  readonly tag?: string
  readonly readOnly?: boolean
  readonly connector?: string
  readonly level: AuditLevel
}

/** The options as they are before the loader has put the paths that are not given beside the rest of the storage. */
export type OpenAuditOptions = Omit<AuditOptions, 'directory' | 'checkpoints'> & {
  readonly directory?: string
  readonly checkpoints?: string
}

const level: z.ZodType<AuditLevelOptions> = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .exactOptional()
      .describe('Name of a tool or prompt or URI of a resource; `*` stands for any text, `?` for one character.'),
    tag: z.string().min(1).exactOptional().describe('A tag of the capability.'),
    readOnly: z.boolean().exactOptional().describe('Whether the capability only reads.'),
    connector: z.string().min(1).exactOptional().describe('Name of the connector it comes from.'),
    level: z
      .enum(['none', 'metadata', 'digest', 'full'])
      .describe(
        'What is recorded of arguments and results: `none` nothing, `metadata` their size, `digest` a keyed digest too, `full` all of them, masked and sealed under the key of the subject.',
      ),
  })
  .refine((given) => Object.keys(given).length > 1, { error: 'at least one of name, tag, readOnly and connector' })

const span = z
  .string()
  .regex(/^(?:[1-9]\d{0,4}d|forever)$/, { error: 'days, such as 400d, or forever' })
  .exactOptional()

const retention: z.ZodType<RetentionOptions> = z.strictObject({
  default: span.describe('Records of every class that is not named.'),
  calls: span.describe('Calls: `call.decided`, `call.completed`.'),
  lists: span.describe('What was listed to whom: `list.served`.'),
  access: span.describe(
    'Who was not let in, API keys, users and what they allow, copies of data: `auth.refused`, `key.changed`, `user.changed`, `grant.changed`, `sandbox.made`.',
  ),
  config: span.describe('What is offered, and under which configuration: `config.changed`, `catalog.changed`.'),
  lifecycle: span.describe(
    'Starts and ends, and what went wrong: `lifecycle.started`, `lifecycle.stopped`, `overload.began`, `overload.ended`, `gap`, `sink.failed`.',
  ),
  trail: span.describe('What was done with the trail: `trail.read`, `subject.erased`, `subject.held`, `hold.changed`.'),
})

/** The options under `audit`. */
export const auditOptions: z.ZodType<OpenAuditOptions> = z.strictObject({
  directory: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'Folder of the audit trail, one folder in it for each process that writes. Default: `audit` in `storage.directory`.',
    ),
  checkpoints: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'File that signed checkpoints are appended to, best on another disk. Default: `audit.checkpoints` in `storage.directory`.',
    ),
  mode: z
    .enum(['strict', 'best-effort'])
    .default('strict')
    .describe(
      'What calls wait for. `strict`: nothing is executed before its record is on disk, and nothing is answered before the record of its end is; while none can be written, calls are refused. `best-effort`: calls wait for no record.',
    ),
  segmentBytes: z
    .int()
    .min(64 * 1024)
    .max(1024 * 1024 * 1024)
    .default(32 * 1024 * 1024)
    .describe('Bytes after which a new file is begun.'),
  levels: z
    .array(level)
    .default([])
    .describe(
      'How much of the arguments and results is recorded; the first entry that fits decides. Else: `metadata`.',
    ),
  holds: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Legal holds: ids of principals or names of API keys whose records are neither made unreadable by `toolgate audit erase` nor removed by age.',
    ),
  retention: retention
    .default({})
    .describe(
      'How long records are kept, by class: days, such as `400d`, or `forever`. What is not named, by `default` or by its class, is kept for ever. Whole segments go, from the oldest on, when every record in them is older than its class says.',
    ),
  sinks: sinkOptions
    .default([])
    .describe('Where else the records are sent. Each sink goes on where it stood after a restart.'),
})
