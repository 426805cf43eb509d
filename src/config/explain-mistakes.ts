import type { ConfigIssue } from './config-issue.ts'

/** The mistakes as text for people, one a line, in the order of the file; `file:line:column` first, as editors read it. */
export function explainMistakes(issues: readonly ConfigIssue[]): string {
  return [...issues].sort(inOrderOfTheFile).map(explainMistake).join('\n')
}

function inOrderOfTheFile(a: ConfigIssue, b: ConfigIssue): number {
  const line = (a.line ?? Number.MAX_SAFE_INTEGER) - (b.line ?? Number.MAX_SAFE_INTEGER)
  return line === 0 ? (a.column ?? 0) - (b.column ?? 0) : line
}

function explainMistake(issue: ConfigIssue): string {
  const { line, column, expected, suggestion } = issue
  const place = [issue.file, line, column].filter((part) => part !== undefined).join(':')
  const what = [issue.path, issue.problem].filter((part) => part !== '').join(' ')
  const wanted = expected === undefined ? '' : `; expected ${expected}`
  const nearest = suggestion === undefined ? '' : ` Did you mean ${suggestion}?`
  return `  ${place === '' ? '' : `${place}  `}${what}${wanted}.${nearest}`
}
