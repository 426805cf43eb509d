import type { ViewScope } from '../sql/database.ts'
import { readRows, toFailure } from './answer-request.ts'
import { checkProgram, type Instruction, type Reach } from './check-program.ts'
import { type OpenFile, openBeside } from './open-file.ts'
import type { SqliteAnswer, SqliteRequest } from './sqlite-request.ts'

/**
 * Runs a statement that a caller wrote, in a connection that has the views of its scope and nothing else under a name that
 * can be known. It runs only when the program that SQLite compiled of it reaches no further than the views do.
 */
export function answerGuarded(path: string, request: SqliteRequest, scope: ViewScope): SqliteAnswer {
  let file: OpenFile | undefined
  try {
    file = openBeside(path, scope.schema)
    // One transaction, so that the file cannot change between what is checked and what runs.
    file.exec('BEGIN')
    const reach = makeViews(file, scope)
    file.exec('PRAGMA query_only = ON')
    const fault = checkProgram(rows(file, `EXPLAIN ${request.text}`), reach)
    if (fault === 'table') return NO_TABLE
    if (fault !== undefined) return { failed: 1, message: `not allowed here: ${fault.does}` }
    return readRows(file.prepare(request.text), request)
  } catch (thrown) {
    const failure = toFailure(thrown)
    return 'failed' in failure && failure.message.startsWith('no such table') ? NO_TABLE : failure
  } finally {
    file?.close()
  }
}

/** The same whether it is hidden or not there. */
const NO_TABLE: SqliteAnswer = { failed: 1, message: 'no such table: none that you may see has this name' }

function makeViews(file: OpenFile, { schema, views }: ViewScope): Reach {
  const objects = rows(file, `SELECT name, type, tbl_name, rootpage FROM "${schema}".sqlite_schema`)
  const shown = new Set(views.map(({ name }) => fold(name)))
  for (const { name, query } of views) file.exec(`CREATE TEMP VIEW ${quote(name)} AS ${query}`)
  for (const [name, type] of objects) {
    const isNamed = type === 'table' || type === 'view'
    if (!isNamed || shown.has(fold(String(name))) || /^sqlite_/i.test(String(name))) continue
    // A name that leads nowhere: without it, the file would be looked in.
    file.exec(`CREATE TEMP VIEW ${quote(String(name))} AS SELECT * FROM main."none"`)
  }
  const opened = views.flatMap(({ name }) => openedBy(rows(file, `EXPLAIN SELECT * FROM temp.${quote(name)}`)))
  const owners = new Set(
    objects.filter((object) => opened.some(({ root }) => root === Number(object[3]))).map((object) => object[2]),
  )
  const roots = objects.filter((object) => owners.has(object[2])).map((object) => Number(object[3]))
  return { database: FILE, roots: new Set(roots.filter((root) => root > 1)) }
}

/** `main` is 0, `temp` 1; what is attached first comes next. */
const FILE = 2

function openedBy(program: readonly Instruction[]): readonly { readonly root: number }[] {
  return program
    .filter(([, opcode, , , database]) => opcode === 'OpenRead' && Number(database) === FILE)
    .map(([, , , root]) => ({ root: Number(root) }))
}

function rows(file: OpenFile, text: string): readonly (readonly unknown[])[] {
  const found: (readonly unknown[])[] = []
  const iterator = file.prepare(text).iterate()
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) found.push(next.value)
  return found
}

/** As the engine compares names: the letters of ASCII alone. */
function fold(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
