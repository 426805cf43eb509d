import type { SqlValue, ViewScope } from '../sql/database.ts'
import type { TypeFamily } from '../sql/database-schema.ts'

/** What the process that has the file open is asked. */
export interface SqliteRequest {
  readonly text: string
  readonly parameters: readonly (string | number | bigint | null | Uint8Array)[]
  readonly isWrite: boolean
  readonly maxRows: number
  readonly maxBytes: number
  /** A caller wrote it: it is held to these views. */
  readonly scope?: ViewScope
}

/** What it answers. */
export type SqliteAnswer =
  | {
      readonly columns: readonly { readonly name: string; readonly type: string; readonly family: TypeFamily }[]
      readonly rows: readonly (readonly SqlValue[])[]
      readonly truncated?: 'rows' | 'bytes'
      readonly changed?: number
    }
  /** The engine's primary result code, and its words. */
  | { readonly failed: number; readonly message: string }

/** How the file is opened; the arguments of the process. */
export interface SqliteOpening {
  readonly path: string
  readonly isWriter: boolean
}
