import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { UserError } from '../../errors.ts'

/** Where a page begins: behind so many rows of all, or of those behind the row with these values of the order. */
export interface PagePlace {
  readonly after?: readonly (string | number)[]
  readonly offset: number
}

/**
 * Where the next page begins: a position in the rows of one question. It says which question it belongs to, so that it is
 * not taken for another's, and holds no rights: what it points into is written anew for whoever brings it.
 */
export function writeCursor(question: unknown, place: PagePlace): string {
  const after = place.after === undefined ? '' : JSON.stringify(place.after)
  return Buffer.from(`${place.offset}${after}.${digest(question)}`).toString('base64url')
}

/** The position that a cursor points to; the beginning without one. Throws `UserError` for one of another question. */
export function readCursor(cursor: string | undefined, question: unknown): PagePlace {
  if (cursor === undefined) return { offset: 0 }
  const [, offset = '', after, of] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  const values = after === undefined ? undefined : readValues(after)
  if (of === digest(question) && values !== 'none') {
    return { offset: Number(offset), ...(values === undefined ? {} : { after: values }) }
  }
  throw new UserError(
    'The cursor belongs to another question. Send the same table, columns, filters and order with it.',
  )
}

const CURSOR = /^(\d{1,12})(\[.{1,4000}\])?\.([\w-]{16})$/s

/** What somebody made up is `none`. */
function readValues(text: string): readonly (string | number)[] | 'none' {
  try {
    const values = JSON.parse(text) as readonly unknown[]
    const areKeys = values.every((value) => typeof value === 'string' || typeof value === 'number')
    return areKeys ? (values as readonly (string | number)[]) : 'none'
  } catch {
    return 'none'
  }
}

function digest(question: unknown): string {
  return hash('sha256', JSON.stringify(question), 'base64url').slice(0, 16)
}
