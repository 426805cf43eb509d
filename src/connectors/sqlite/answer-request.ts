import { Buffer } from 'node:buffer'
import type { SqlValue } from '../sql/database.ts'
import type { OpenFile, OpenStatement } from './open-file.ts'
import { readWords } from './read-words.ts'
import type { SqliteAnswer, SqliteRequest } from './sqlite-request.ts'
import { toSqlValue } from './to-sql-value.ts'
import { familyOf } from './type-family.ts'

/** Runs one statement: reads stop at the budget, a write is committed whole or not at all. */
export function answerRequest(file: OpenFile, request: SqliteRequest): SqliteAnswer {
  try {
    if (reachesOtherFiles(request.text))
      return { failed: 23, message: 'ATTACH, DETACH and VACUUM are not allowed here' }
    return request.isWrite ? write(file, request) : readRows(file.prepare(request.text), request)
  } catch (thrown) {
    return toFailure(thrown)
  }
}

/** Neither a file opened read-only nor `query_only` keeps ATTACH and VACUUM INTO from making a file. */
function reachesOtherFiles(text: string): boolean {
  // The engine passes over a byte order mark and empty statements.
  const first = readWords(text.replaceAll('\ufeff', ' ')).find((word) => word !== ';')
  return first === 'attach' || first === 'detach' || first === 'vacuum'
}

function write(file: OpenFile, request: SqliteRequest): SqliteAnswer {
  file.exec('BEGIN IMMEDIATE')
  try {
    const statement = file.prepare(request.text)
    const answer =
      statement.columns().length > 0
        ? readRows(statement, request)
        : { columns: [], rows: [], changed: Number(statement.run(...request.parameters).changes) }
    file.exec('COMMIT')
    return answer
  } catch (thrown) {
    file.exec('ROLLBACK')
    throw thrown
  }
}

/** Reads as far as the budget goes. */
export function readRows(statement: OpenStatement, { parameters, maxRows, maxBytes }: SqliteRequest): SqliteAnswer {
  const columns = statement
    .columns()
    .map(({ name, type }) => ({ name, type: type ?? '', family: familyOf(type ?? '') }))
  const rows: (readonly SqlValue[])[] = []
  // Brackets around all of them, a comma behind each.
  let bytes = 2
  const iterator = statement.iterate(...parameters)
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    if (rows.length === maxRows) return end(iterator, { columns, rows, truncated: 'rows' })
    const row = next.value.map((value, index) => toSqlValue(value, columns[index]?.family ?? 'other'))
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1
    if (bytes > maxBytes) return end(iterator, { columns, rows, truncated: 'bytes' })
    rows.push(row)
  }
  return { columns, rows }
}

/** A statement that is not read to its end would keep the file locked. */
function end(iterator: Iterator<unknown>, answer: SqliteAnswer): SqliteAnswer {
  iterator.return?.()
  return answer
}

/** The engine's code and words. */
export function toFailure(thrown: unknown): SqliteAnswer {
  const { rawCode, errcode, message } = thrown as { rawCode?: number; errcode?: number; message?: string }
  return { failed: (rawCode ?? errcode ?? 1) & 0xff, message: String(message) }
}
