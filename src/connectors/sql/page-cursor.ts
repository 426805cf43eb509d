import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { UserError } from '../../errors.ts'

/**
 * Where the next page begins: a position in the rows of one question. It says which question it belongs to, so that it is
 * not taken for another's, and holds no rights: what it points into is written anew for whoever brings it.
 */
export function writeCursor(question: unknown, offset: number): string {
  return Buffer.from(`${offset}.${digest(question)}`).toString('base64url')
}

/** The position that a cursor points to; 0 without one. Throws `UserError` for one of another question. */
export function readCursor(cursor: string | undefined, question: unknown): number {
  if (cursor === undefined) return 0
  const [, offset, of] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (offset !== undefined && of === digest(question)) return Number(offset)
  throw new UserError(
    'The cursor belongs to another question. Send the same table, columns, filters and order with it.',
  )
}

const CURSOR = /^(\d{1,12})\.([\w-]{16})$/

function digest(question: unknown): string {
  return hash('sha256', JSON.stringify(question), 'base64url').slice(0, 16)
}
