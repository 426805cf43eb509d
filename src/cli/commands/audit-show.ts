import { escapeText } from '../../app/trail/read-trail.ts'
import type { ShownRecord, ShownSubject } from '../../app/trail/show-subject.ts'
import type { RunCommand, Terminal } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { recordText } from '../print-record.ts'

/** Prints all that the trail has of somebody, with what is sealed in it. */
export const show: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const { showSubject } = await import('../../app/trail/show-subject.ts')
  const { recordReading } = await import('../../app/trail/read-trail.ts')
  const subjects = await showSubject(config, options.text('subject') ?? '')
  // Recorded before it is shown: what cannot be recorded is not shown.
  const query = subjects.map(({ subject }) => `--subject=${subject}`).join(' ')
  await recordReading(config, { action: 'subject', query })
  let count = 0
  for (const shown of subjects) count += await printSubject(shown, terminal, options.has('json'))
  if (subjects.length === 0) terminal.err(NOBODY)
  else terminal.err(`${count} records.\n`)
  return EXIT_CODES.ok
}

const NOBODY =
  'The storage has no key of such a principal. Either there are no records of it, or it was erased: who was erased is found by ' +
  'its pseudonym (s_…) alone, and nobody can tell any more whose that is.\n'

const STATES: Readonly<Record<ShownSubject['state'], string>> = {
  known: 'What is sealed is opened below.',
  erased: 'Erased: who it was, and what is sealed, is nobody’s to read any more.',
  unreadable: 'Its key is not in this storage, or under another pepper: what is sealed cannot be read here.',
}

async function printSubject(
  { subject, state, erasedAt, records }: ShownSubject,
  terminal: Terminal,
  isJson: boolean,
): Promise<number> {
  let count = 0
  if (!isJson) terminal.out(`${subject}  ${STATES[state]}${erasedAt === undefined ? '' : ` (${erasedAt})`}\n`)
  for await (const record of records) {
    terminal.out(isJson ? jsonOf(record, { state, erasedAt }) : textOf(record))
    count += 1
  }
  return count
}

function jsonOf(
  { line, ...opened }: ShownRecord,
  about: Pick<ShownSubject, 'state'> & { erasedAt: string | undefined },
): string {
  return `${JSON.stringify({ ...about, chain: line.chain, record: line.record, ...opened })}\n`
}

/** Nothing of it reaches the terminal as it is. */
function textOf({ line, identity, credentialId, input, output, isUnreadable }: ShownRecord): string {
  const parts = [
    ...(credentialId === undefined ? [] : [`key: tg_${credentialId}_…`]),
    ...(identity === undefined ? [] : [`identity: ${identity.principal}, ${identity.name}, ${identity.kind}`]),
    ...(input === undefined ? [] : [`arguments: ${input}`]),
    ...(output === undefined ? [] : [`result: ${output}`]),
    ...(isUnreadable ? ['sealed, and cannot be opened'] : []),
    ...clearMembers(line.record),
  ]
  return `${recordText(line)}${parts.map((part) => `    ${escapeText(part)}\n`).join('')}`
}

const SHOWN_ABOVE = new Set(['v', 'seq', 'hash', 'time', 'event', 'sealed', 'subject', 'callId', 'input', 'output'])

/** Everything else that stands in the record. */
function clearMembers(record: object): string[] {
  const rest = Object.entries(record).filter(([name]) => !SHOWN_ABOVE.has(name))
  return rest.length === 0 ? [] : [rest.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join('  ')]
}
