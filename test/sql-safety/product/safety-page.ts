import { ATTACKS } from '../attacks/all.ts'
import type { ServerReport, Tally } from './attack-product.ts'
import { HEAP, type Login } from './served-toolgate.ts'

/** docs/reference/sql-safety.md, made from one run. */
export function toSafetyPage(reports: readonly ServerReport[]): string {
  return [
    '# Safety of free SQL',
    '',
    '<!-- Written by `npm run sql-safety`. Do not edit. -->',
    '',
    `${ATTACKS.length} attacks in ${new Set(ATTACKS.map((attack) => attack.class)).size} classes, each sent as a call of the tool \`query\` by a caller of one of three tenants to a`,
    `served Toolgate (Node ${process.version}, built program, HTTP, official client), in one run of \`npm run sql-safety\`. What they did is measured`,
    'beside it: a second session compares checksums of the tables, the catalogue, roles, settings, large objects, locks, slots and',
    'statistics, a third listens for notifications, and a folder that the server may write to is watched. Every value that must not be',
    'told is marked, and looked for in the answer, the log and the files of the audit trail. That command fails when any number but',
    '“answered” and “withheld” is not 0, when more than 2 % of the legitimate statements are refused, or when the server takes 200 MB.',
    '',
    '- `superuser`: `allowPrivileged: true`, with rules about rows. Row-level security is not for superusers, so tables with such rules are withheld from free SQL.',
    '- `open`: the same login without rules about rows, so that nothing is withheld; rows of other tenants are then no foreign rows.',
    '- `owner`: owns the tables, which have `FORCE ROW LEVEL SECURITY`. `allowPrivileged: true`.',
    '- `reader`: the login that the statements of the privilege report make.',
    '',
    ...reports.flatMap(toServerPart),
    '## Not covered',
    "- What only the server's own log or write-ahead log would show, such as a restore point or a switch of its segment.",
    '- Whether an answer lets somebody infer a hidden value without holding it, by a count, an order or the time it took. `npm test` holds the guard to the mask and the condition inside the subselect.',
    '- The memory of the database server itself; what bounds it is `work_mem`, the statement timeout and the bytes that are read.',
    '- Other engines than PostgreSQL, and named queries, whose text the operator writes.',
    '',
  ].join('\n')
}

function toServerPart(report: ServerReport): readonly string[] {
  return [
    `## PostgreSQL ${report.version}`,
    `Peak memory of Toolgate (\`VmHWM\`, with \`${HEAP.join(' ')}\`): ${Math.round(report.peakMemory / 1e6)} MB.`,
    '',
    '| class | login | attempts | answered, harmless | effects | foreign rows | leaks | sessions left after 1 s |',
    '|---|---|---|---|---|---|---|---|',
    ...[...report.tallies].flatMap(([login, classes]) => [
      ...[...classes].map(([name, tally]) => toRow(name, login, tally)),
      toRow('**all**', login, total([...classes.values()])),
    ]),
    '',
    '| legitimate statements | asked | refused | withheld |',
    '|---|---|---|---|',
    ...[...report.legitimate].map(
      ([login, { asked, refused, withheld }]) => `| ${login} | ${asked} | ${refused} | ${withheld} |`,
    ),
    '',
  ]
}

function toRow(name: string, login: Login, tally: Tally): string {
  const { attempts, answered, effects, foreign, leaks, leftBackends } = tally
  return `| ${name} | ${login} | ${[attempts, answered, effects, foreign, leaks, leftBackends].join(' | ')} |`
}

function total(tallies: readonly Tally[]): Tally {
  const sum = (key: keyof Tally): number => tallies.reduce((all, tally) => all + tally[key], 0)
  return {
    attempts: sum('attempts'),
    answered: sum('answered'),
    effects: sum('effects'),
    foreign: sum('foreign'),
    leaks: sum('leaks'),
    leftBackends: sum('leftBackends'),
  }
}
