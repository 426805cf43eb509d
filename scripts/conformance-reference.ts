import { placesOf, type RawCheck } from '../test/conformance/raw/check.ts'
import { CHAPTERS } from '../test/conformance/raw/checks.ts'
import { DIFFERENCES } from '../test/conformance/raw/differences.ts'
import { NOT_CLAIMED } from '../test/conformance/raw/not-claimed.ts'
import { readVerdicts, type Verdicts } from '../test/conformance/raw/verdicts.ts'

/** docs/reference/conformance.md, made from the checks of the raw suite and the verdicts it last came to. */
export function conformanceReference(verdicts: Verdicts = readVerdicts()): string {
  const checks = CHAPTERS.flatMap((chapter) => chapter.checks)
  const holding = checks.filter((check) => verdictOf(check, verdicts) === 'holds').length
  const deviations = checks.filter(({ deviation }) => deviation !== undefined)
  return `# Conformance

Three things say how far Toolgate speaks the Model Context Protocol. The [official suite](../how-to/run-the-conformance-suite.md)
runs both requirement sets with an empty list of expected failures. The same requests are sent to a server on the official SDK,
and every difference in the answers is named with its reason in \`test/differential/accepted-differences.ts\`. And the raw suite in
\`test/conformance/raw/\` tries what the official one does not look at, over HTTP and over stdio, byte for byte, with no client
library in between. This page is made from its results: ${holding} of ${checks.length} requirements hold.

*Test* names the check and where it is made: on the wire over HTTP, over stdio to a child process, or where a capability is
defined. *Verdict* is *holds* or *deviates*; what deviates is explained [below](#known-deviations). The suite fails when its
verdicts are not the ones on this page.

${CHAPTERS.map(({ title, checks: own }) => `## ${title}\n\n${tableOf(own, verdicts)}`).join('\n\n')}

## Known deviations

${table(
  ['requirement', 'what happens, and why'],
  deviations.map(({ requirement, deviation = '' }) => [requirement, deviation]),
)}

## Differences on purpose

${table(
  ['difference', 'reason', 'test'],
  DIFFERENCES.map(({ what, why, check }) => [what, why, check === undefined ? '—' : `\`${check}\``]),
)}

## Not claimed yet

${table(
  ['requirement', 'reason'],
  NOT_CLAIMED.map(({ requirement, why }) => [requirement, why]),
)}
`
}

function tableOf(checks: readonly RawCheck[], verdicts: Verdicts): string {
  const rows = checks.map((check) => [
    check.requirement,
    check.revisions.join(', '),
    check.level,
    `\`${check.id}\` (${placesOf(check).join(', ')})`,
    verdictOf(check, verdicts),
  ])
  return table(['requirement', 'revision', 'level', 'test', 'verdict'], rows)
}

/** One word where all places agree; a check without a verdict was never run. */
function verdictOf(check: RawCheck, verdicts: Verdicts): string {
  const found = placesOf(check).map((place) => [place, verdicts[check.id]?.[place] ?? 'not run'] as const)
  const words = new Set(found.map(([, word]) => word))
  return words.size === 1 ? [...words].join() : found.map(([place, word]) => `${place}: ${word}`).join(', ')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}
