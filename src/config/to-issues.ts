import type { ConfigIssue } from './config-issue.ts'
import { writePath } from './config-path.ts'
import type { ConfigSource, Mistake } from './mistake.ts'

/** The mistakes with the file, and where in it they stand. */
export function toIssues(mistakes: readonly Mistake[], source: ConfigSource, file: string): ConfigIssue[] {
  return mistakes.map((mistake) => toIssue(mistake, source, file))
}

function toIssue(mistake: Mistake, source: ConfigSource, file: string): ConfigIssue {
  const { path, at, problem, expected, suggestion } = mistake
  return {
    path: writePath(path),
    file,
    ...(mistake.position ?? (path.length === 0 ? {} : source.locate?.(path, at))),
    problem,
    ...(expected === undefined ? {} : { expected }),
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}
