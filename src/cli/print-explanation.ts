import type { App } from '../app/app.ts'
import { escapeText } from '../app/trail/read-trail.ts'
import type { NamedPrincipal } from './name-principal.ts'
import { table } from './print-help.ts'

/** What an app says of a call that might be made. */
export type Explanation = Awaited<ReturnType<App['explain']>>

const MARKS = { passes: 'passes', refuses: 'REFUSES', 'not-reached': 'not reached' } as const

/** The verdict in one line, what would change it, and a line for each guard. Nothing in it reaches the terminal as it is. */
export function explanationText(
  explanation: Explanation,
  { text }: NamedPrincipal,
  expired: string | undefined,
): string {
  const { guards, policy, toPermit = [] } = explanation
  // Of what there is not, the guards behind the lookup have nothing to say.
  const shown = policy === undefined ? guards.filter(({ verdict }) => verdict !== 'not-reached') : guards
  const rows = shown.map(({ guard, verdict, code, says }) => [
    guard,
    MARKS[verdict],
    escapeText(code === undefined ? says : `${code}: ${says}`),
  ])
  const advice = toPermit.map((change) => `  ${escapeText(change)}`)
  return [
    escapeText(verdictLine(explanation, expired)),
    ...(advice.length === 0 ? [] : ['to permit it:', ...advice]),
    escapeText(`as ${text}, each guard in order:`),
    ...table(rows),
    '',
  ].join('\n')
}

function verdictLine({ decision, guards }: Explanation, expired: string | undefined): string {
  const refusing = guards.find(({ verdict }) => verdict === 'refuses')
  const late = expired === undefined ? '' : `denied: the key has expired (${expired}); beside that `
  if (decision.decision === 'deny') return `${late}denied: ${refusing?.says ?? decision.rule}`
  const but = refusing === undefined ? '' : `, but refused by ${refusing.guard}: ${refusing.code}`
  return `${late}permitted by ${decision.rule}${but}`
}
