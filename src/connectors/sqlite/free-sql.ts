import { randomBytes } from 'node:crypto'
import { UserError } from '../../errors.ts'
import type { Dialect } from '../sql/dialect.ts'
import type { FreeSql, TableView, WithheldTable } from '../sql/free-sql.ts'
import { readWords } from './read-words.ts'

/**
 * A statement of a caller runs in a connection of its own, over views that hold what the caller may see, and only if the
 * program that SQLite compiles of it opens nothing else (`check-program.ts`).
 */
export function createFreeSql(dialect: Dialect, hashMarker: string): FreeSql {
  return {
    prepare: async () => {},
    enforcesRows: () => true,
    guard(sql, views, withheld) {
      checkText(sql, withheld)
      const schema = `s${randomBytes(18).toString('hex')}`
      const queries = views.map((view) => ({ name: view.table.name, query: writeView(view, schema) }))
      return { text: sql, parameters: [], isGuarded: true, scope: { schema, views: queries } }
    },
  }

  /** The limit is a fence: SQLite moves no condition of the caller below it, nor sees through it to other columns. */
  function writeView({ table, columns, masks, where }: TableView, schema: string): string {
    const shown = columns.flatMap((column) => {
      const mask = Object.hasOwn(masks, column) ? masks[column] : undefined
      const name = dialect.quote(column)
      if (mask === undefined) return [name]
      // What is hashed later, outside the engine, is still readable inside.
      return mask.includes(hashMarker) ? [] : [`${mask} AS ${name}`]
    })
    const list = shown.length === 0 ? 'NULL AS "nothing"' : shown.join(', ')
    const from = `${dialect.quote(schema)}.${dialect.quote(table.name)}`
    return `SELECT ${list} FROM ${from}${where === undefined ? '' : ` WHERE ${where}`} LIMIT -1`
  }
}

function checkText(sql: string, withheld: readonly WithheldTable[]): void {
  if (sql.includes('\0')) throw new UserError('The statement holds a NUL character.')
  const words = readWords(sql)
  const [first = ''] = words.filter((word) => word !== '(')
  if (!['select', 'with', 'values'].includes(first)) {
    throw new UserError('Write one SELECT; WITH and VALUES may stand in its place.')
  }
  const end = words.indexOf(';')
  if (end !== -1 && words.slice(end).some((word) => word !== ';')) {
    throw new UserError('Write one statement: behind the semicolon stands another.')
  }
  const meant = withheld.find(({ table }) => words.includes(table.name.toLowerCase()))
  if (meant !== undefined) throw new UserError(meant.reason)
}
