import type { ExportedRecord } from './exported-record.ts'

/** A field of an export: where its value comes from, in words and as code. */
export interface Column {
  readonly name: string
  readonly about: string
  readonly value: (exported: ExportedRecord) => string | number | undefined
}

/** The members of a record, whichever event it is of. */
export function membersOf({ record }: ExportedRecord): Readonly<Record<string, unknown>> {
  return { ...record }
}

/** A member that is text or a number; anything else is as good as absent. */
export function memberOf(exported: ExportedRecord, name: string): string | number | undefined {
  const value = membersOf(exported)[name]
  return typeof value === 'string' || typeof value === 'number' ? value : undefined
}

/** A member of a member. */
export function innerMemberOf(exported: ExportedRecord, name: string, inner: string): string | number | undefined {
  const value = membersOf(exported)[name]
  if (typeof value !== 'object' || value === null) return undefined
  const found: unknown = (value as Readonly<Record<string, unknown>>)[inner]
  return typeof found === 'string' || typeof found === 'number' ? found : undefined
}

/** The texts of a member that is a list. */
export function listOf(exported: ExportedRecord, name: string): readonly string[] | undefined {
  const value = membersOf(exported)[name]
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : undefined
}
