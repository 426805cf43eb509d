import { z } from 'zod'

/** Where the audit trail goes. */
export interface AuditOptions {
  /** Absolute. */
  readonly file: string
  /** `refuse`: nothing is executed while no record can be written. `continue`: it is, and a fault is logged. */
  readonly onFailure: 'refuse' | 'continue'
}

/** The options under `audit`; the loader puts `file` beside the rest of the storage when it is not given. */
export const auditOptions: z.ZodType<Omit<AuditOptions, 'file'> & { readonly file?: string }> = z.strictObject({
  file: z
    .string()
    .min(1)
    .exactOptional()
    .describe('File that the audit trail is appended to. Default: `audit.jsonl` in `storage.directory`.'),
  onFailure: z
    .enum(['refuse', 'continue'])
    .default('refuse')
    .describe(
      'What happens to calls while no record can be written: `refuse` executes none, `continue` executes them.',
    ),
})
