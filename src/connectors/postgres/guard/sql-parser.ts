import { ToolgateError } from '../../../errors.ts'
import { Refusal } from './refusal.ts'

/** One token as the server's lexer makes it; `start` and `end` count bytes of UTF-8. */
export interface SqlToken {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly tokenName: string
}

/** A node of the parse tree without its type's name: fields as libpg_query gives them. */
export type SqlNode = Record<string, unknown>

/** PostgreSQL's own lexer and grammar. Both throw `Refusal` for text that is not SQL. */
export interface SqlParser {
  /** The statements of the text; each is wrapped, `{ SelectStmt: {…} }`. */
  readonly parse: (sql: string) => readonly SqlNode[]
  readonly scan: (sql: string) => readonly SqlToken[]
}

/** Loads the parser. Rejects with `CONNECTOR_FAILED` where the package `libpg-query` is not installed. */
export async function loadSqlParser(): Promise<SqlParser> {
  const library = await importLibrary()
  await library.loadModule()
  const parse: SqlParser['parse'] = (sql) => {
    try {
      const { stmts = [] } = library.parseSync(sql) as { stmts?: readonly { stmt?: SqlNode }[] }
      return stmts.map(({ stmt = {} }) => stmt)
    } catch (thrown) {
      throw toRefusal(thrown, sql, library.hasSqlDetails(thrown) ? thrown.sqlDetails?.cursorPosition : undefined)
    }
  }
  return {
    parse,
    scan: (sql) => {
      if (sql.trim() === '') return []
      try {
        return library.scanSync(sql).tokens
      } catch {
        // The lexer's own failure has no position; the parser meets the same one and tells it.
        parse(sql)
        throw new Refusal('The statement could not be read. Write it more plainly.')
      }
    },
  }
}

type Library = typeof import('libpg-query')

async function importLibrary(): Promise<Library> {
  try {
    return await import('libpg-query')
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'Free SQL needs the package libpg-query, which is not installed.',
      hint: 'Install it with: npm install libpg-query@18. Or leave free SQL off for this connector.',
      cause,
    })
  }
}

/** What the grammar says is about the text alone, so the caller may read it. */
function toRefusal(thrown: unknown, sql: string, character: number | undefined): Refusal {
  if (character === undefined || !(thrown instanceof Error)) {
    return new Refusal('The statement could not be read. Write it more plainly, with less nesting.')
  }
  const byte = Buffer.byteLength([...sql].slice(0, character).join(''))
  return new Refusal(`This is not valid PostgreSQL: ${thrown.message}. ${hintFor(thrown.message)}`, { byte })
}

function hintFor(message: string): string {
  if (message.includes('unterminated')) return 'Close the quote or comment.'
  if (message.includes('end of input')) return 'The statement stops too early.'
  if (message.includes('memory exhausted')) return 'It is nested too deeply.'
  return 'Check the spelling near there, and put names with capitals or spaces in double quotes.'
}
