import type { SqlResult } from './database.ts'
import type { Dialect } from './dialect.ts'
import { lastKey } from './keyset.ts'
import type { PagePlace } from './page-cursor.ts'
import type { CallerView } from './view-table.ts'
import { type FindQuestion, orderOf, shownColumns } from './write-find.ts'

/** A page that has been read. */
export interface ReadPage {
  readonly dialect: Dialect
  readonly view: CallerView
  readonly question: Pick<FindQuestion, 'columns' | 'order'>
  readonly place: PagePlace
  readonly rows: SqlResult['rows']
}

/** Behind the last row where that can be told, else behind as many rows as came. */
export function nextPlace({ dialect, view, question, place, rows }: ReadPage): PagePlace {
  const order = orderOf(view, question)
  const after = lastKey({ dialect, view, order }, shownColumns(view, question), rows.at(-1))
  return after === undefined ? { ...place, offset: place.offset + rows.length } : { after, offset: 0 }
}
