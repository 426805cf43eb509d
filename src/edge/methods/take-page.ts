import { ToolgateError } from '../../errors.ts'
import type { Engine } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import type { Params } from '../protocol/json-rpc.ts'

/** What a page is taken of. */
export interface Paged<T> {
  /** A cursor is good for the list of this name alone. */
  readonly list: string
  /** In order of their keys. */
  readonly items: readonly T[]
  readonly keyOf: (item: T) => string
  readonly params: Params
}

/** Takes the page that `params.cursor` asks for; `next` holds the cursor of the one after it. Throws `INVALID_PARAMS`. */
export function takePage<T>(
  engine: Engine,
  exchange: Exchange,
  { list, items, keyOf, params }: Paged<T>,
): { readonly page: readonly T[]; readonly next: { readonly nextCursor?: string } } {
  const context = `cursor ${list} ${exchange.principal.id}`
  const key = readCursor(engine, context, params)
  const start = key === undefined ? 0 : positionAfter(items, keyOf, key)
  const page = items.slice(start, start + engine.options.pageSize)
  const last = page.at(-1)
  const hasMore = last !== undefined && start + page.length < items.length
  return { page, next: hasMore ? { nextCursor: engine.sealer.seal(keyOf(last), context) } : {} }
}

function readCursor(engine: Engine, context: string, { cursor }: Params): string | undefined {
  if (cursor === undefined) return undefined
  const key = typeof cursor === 'string' ? engine.sealer.open(cursor, context) : undefined
  if (typeof key === 'string') return key
  throw new ToolgateError({
    code: 'INVALID_PARAMS',
    message: '`params.cursor` is not a cursor of this list.',
    hint: 'Start again without a cursor.',
  })
}

/** A page starts after a key, not at a position, so that a change between two pages loses nothing. */
function positionAfter<T>(sorted: readonly T[], keyOf: (item: T) => string, key: string): number {
  const found = sorted.findIndex((item) => keyOf(item) > key)
  return found < 0 ? sorted.length : found
}
