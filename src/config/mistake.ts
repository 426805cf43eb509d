import type { ConfigPath } from './config-issue.ts'

/** A mistake as the checks find it: by path, without the file and the line, which the loader adds. */
export interface Mistake {
  readonly path: ConfigPath
  /** Which of the two is wrong, for the line: the name of the option or what it is set to. */
  readonly at: 'key' | 'value'
  readonly problem: string
  readonly expected?: string
  readonly suggestion?: string
  /** Known already where the text itself is broken. */
  readonly position?: Position
}

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** A config file as values. `value` is what it says, not yet checked; `locate` finds where it says so. */
export interface ConfigSource {
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
  /** What was thrown while reading; for the log. */
  readonly cause?: unknown
  /** Absent where values have no place, as in a module. */
  readonly locate?: (path: ConfigPath, at: 'key' | 'value') => Position | undefined
}
