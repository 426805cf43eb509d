import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { RUNNING_PACKAGE_ROOT } from '../running-package.ts'
import { SqlFailure } from '../sql/sql-failure.ts'
import type { SqliteAnswer, SqliteOpening, SqliteRequest } from './sqlite-request.ts'

const IS_SOURCE = import.meta.url.endsWith('.ts')
const SCRIPT = IS_SOURCE
  ? fileURLToPath(new URL('./sqlite-process.ts', import.meta.url))
  : `${RUNNING_PACKAGE_ROOT}dist/sqlite-process.js`

/** A process that has the file open, for one statement at a time. */
export class SqliteChild {
  readonly #child: ChildProcess

  constructor({ path, isWriter }: SqliteOpening) {
    this.#child = fork(SCRIPT, [path, isWriter ? 'write' : 'read'], {
      // Nothing of the server's environment, its secrets least of all, is of use there.
      env: {},
      execArgv: IS_SOURCE ? ['--import', 'tsx'] : [],
      cwd: RUNNING_PACKAGE_ROOT,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('error', () => {})
    // It must not keep the server from ending.
    this.#child.unref()
    this.#child.channel?.unref()
  }

  /** Asks it; when the signal fires, or it takes too long, the process is ended and this rejects. */
  async ask(request: SqliteRequest, { signal, timeoutMs }: AskOptions): Promise<SqliteAnswer> {
    const child = this.#child
    child.channel?.ref()
    const settled = new AbortController()
    const until = AbortSignal.any([settled.signal, signal])
    const timer = setTimeout(() => settled.abort(tooLong(timeoutMs)), timeoutMs)
    try {
      const answered = once(child, 'message', { signal: until })
      const ended = once(child, 'exit', { signal: until }).then(() => Promise.reject(gone()))
      ended.catch(() => {})
      if (!child.connected) throw gone()
      child.send(request)
      const [answer] = await Promise.race([answered, ended])
      return answer as SqliteAnswer
    } catch (thrown) {
      this.kill()
      if (signal.aborted) throw signal.reason
      throw settled.signal.aborted ? settled.signal.reason : thrown
    } finally {
      clearTimeout(timer)
      settled.abort()
      child.channel?.unref()
    }
  }

  /** Whether it can be asked again. */
  get isAlive(): boolean {
    return this.#child.connected && !this.#child.killed
  }

  /** By its own id, whatever it is doing. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }
}

interface AskOptions {
  readonly signal: AbortSignal
  readonly timeoutMs: number
}

function tooLong(timeoutMs: number): SqlFailure {
  const text = `The statement took longer than ${timeoutMs} ms`
  return new SqlFailure({ kind: 'resources', state: 'SQLITE_INTERRUPT', text, isTextSafe: true })
}

function gone(): SqlFailure {
  const text = 'The process that has the file open ended'
  return new SqlFailure({ kind: 'other', state: 'SQLITE_ABORT', text, isTextSafe: true })
}
