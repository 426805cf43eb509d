import { UserError } from '../../errors.ts'
import type { Statement } from './database.ts'
import type { Dialect } from './dialect.ts'
import { comparable, toParameter } from './filter.ts'
import { Parameters, writeColumn, writeRowRule, writeWhere } from './select-statement.ts'
import type { CallerView } from './view-table.ts'

/**
 * The statement that reads one row by its key, within what the caller may see: `17`, or `17,EUR` for a key of two columns;
 * a comma in a value is written `%2C`. Throws `UserError` for a table without a key, and for a key of another shape.
 */
export function writeRowByKey(dialect: Dialect, view: CallerView, key: string): Statement {
  const { exposed } = view
  const columns = exposed.table.key.map((name) => comparable(view, name, 'filtered').column)
  if (columns.length === 0) throw new UserError(`${exposed.name} has no key, so a single row of it cannot be named.`)
  const values = columns.length === 1 ? [key] : key.split(',').map(decode)
  if (values.length !== columns.length) {
    throw new UserError(`The key of ${exposed.name} is ${columns.map(({ name }) => name).join(',')}.`)
  }
  const parameters = new Parameters(dialect)
  const rule = writeRowRule(dialect, view, parameters)
  const conditions = columns.map((column, index) => {
    const value = column.family === 'boolean' ? values[index] === 'true' : (values[index] as string)
    return `${dialect.quote(column.name)} = ${parameters.bind(toParameter(value, column), column)}`
  })
  const list = view.columns.map((column) => writeColumn(dialect, column)).join(', ')
  const text = `SELECT ${list} FROM ${dialect.from(exposed.table)}${writeWhere([rule, ...conditions])}`
  return { text, parameters: parameters.values }
}

function decode(part: string): string {
  return part.replaceAll(/%2C/gi, ',')
}
