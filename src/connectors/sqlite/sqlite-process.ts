import { answerGuarded } from './answer-guarded.ts'
import { answerRequest } from './answer-request.ts'
import { type OpenFile, openFile } from './open-file.ts'
import type { SqliteAnswer, SqliteRequest } from './sqlite-request.ts'

/**
 * The process that has a file open. A statement cannot be stopped from within the engine's libraries, and a thread in
 * native code cannot be ended; a process can, at any moment, and SQLite files survive it.
 */
const [path = '', mode = ''] = process.argv.slice(2)
let file: OpenFile | undefined

process.on('message', (request: SqliteRequest) => {
  process.send?.(answer(request))
})
// Whoever asks is gone.
process.on('disconnect', () => process.exit(0))

function answer(request: SqliteRequest): SqliteAnswer {
  if (request.scope !== undefined) {
    // Two libraries with one file open in one process would take each other's locks away (https://sqlite.org/howtocorrupt.html#multiple_copies_of_sqlite_linked_into_the_same_application).
    file?.close()
    file = undefined
    return answerGuarded(path, request, request.scope)
  }
  try {
    file ??= openFile({ path, isWriter: mode === 'write' })
  } catch (thrown) {
    // Cannot open (SQLITE_CANTOPEN), whatever the library calls it.
    return { failed: 14, message: thrown instanceof Error ? thrown.message : String(thrown) }
  }
  return answerRequest(file, request)
}
