import { dirname } from 'node:path'
import { ToolgateError } from '../../errors.ts'

interface Kind {
  readonly pattern: RegExp
  readonly happened: string
  readonly hint: (file: string) => string
}

/** By the words of SQLite and of the operating system, which are the same with either driver. */
const KINDS: readonly Kind[] = [
  {
    pattern: /not a database|malformed|corrupt|SQLITE_NOTADB/i,
    happened: 'is damaged',
    hint: (file) => `Restore ${file} from a backup, or move it away and make new keys.`,
  },
  {
    pattern: /locked|busy/i,
    happened: 'is in use by another process',
    hint: () => 'Try again; if it stays so, see which process has it open.',
  },
  {
    pattern: /disk is full|ENOSPC|EDQUOT/i,
    happened: 'cannot be written: the disk is full',
    hint: () => 'Make room on the disk.',
  },
  {
    pattern: /unable to open|readonly|read-only|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR/i,
    happened: 'cannot be opened',
    hint: (file) => `Let the user that runs Toolgate read and write ${dirname(file)}.`,
  },
]

/** A failure of the storage in words that say what to do. A `ToolgateError` stays what it is. */
export function storageFailure(file: string, cause: unknown): ToolgateError {
  if (cause instanceof ToolgateError) return cause
  const { code = '', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>
  const text = `${code} ${message}`.replaceAll(file, '')
  const kind = KINDS.find(({ pattern }) => pattern.test(text))
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `The storage ${file} ${kind?.happened ?? 'failed'}.`,
    hint: kind?.hint(file) ?? 'The cause is in the log.',
    cause,
  })
}
