import { Buffer } from 'node:buffer'
import { UserError } from '../errors.ts'

/** A part of a list, and where the next part begins. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent after the last page. */
  readonly nextCursor?: string
}

const DEFAULT_SIZE = 50
const CURSOR = /^after:(\d{1,15})$/

/**
 * One page of a list that a handler has, for tools whose answer may be long: the model passes `nextCursor` back to get the
 * next page. `cursor` is what it passed, `undefined` for the first page. Throws `UserError` for what is no cursor.
 *
 * @example
 * run: ({ cursor }) => page(allInvoices, cursor, 100)
 */
export function page<T>(items: readonly T[], cursor: string | undefined, size: number = DEFAULT_SIZE): Page<T> {
  const start = cursor === undefined ? 0 : readCursor(cursor)
  const end = start + Math.max(1, Math.floor(size))
  const part = items.slice(start, end)
  return end < items.length ? { items: part, nextCursor: writeCursor(end) } : { items: part }
}

function writeCursor(position: number): string {
  return Buffer.from(`after:${position}`).toString('base64url')
}

function readCursor(cursor: string): number {
  const position = CURSOR.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  if (position !== undefined) return Number(position)
  throw new UserError('The cursor is not one of this list. Leave it out to start with the first page.')
}
