import type { Erasure } from '../../app/trail/erase-subject.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { UsageError } from '../usage-error.ts'

const MAX_REASON = 200

/** Makes what the trail says of a principal unreadable; without --yes it says what that would be. */
export const erase: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const who = options.text('principal') ?? ''
  const reason = options.text('reason')
  if (reason !== undefined) checkReason(reason, who)
  const config = await openTarget(invocation)
  const { eraseSubject, planErasure } = await import('../../app/trail/erase-subject.ts')
  const isDone = options.has('yes')
  const erasure = isDone
    ? await eraseSubject(config, { who, ...(reason === undefined ? {} : { reason }) })
    : planErasure(config, who)
  const isHeld = erasure.held.length > 0
  if (options.has('json')) terminal.out(`${JSON.stringify({ ...erasure, isDone: isDone && !isHeld })}\n`)
  else terminal.out(describe(erasure, isDone))
  return isHeld ? EXIT_CODES.failed : EXIT_CODES.ok
}

/** The reason is signed into the trail: a name in it could never be taken out again. */
function checkReason(reason: string, who: string): void {
  if (reason.length > MAX_REASON) {
    throw new UsageError(`--reason has ${reason.length} characters.`, `Write at most ${MAX_REASON}.`)
  }
  if (!reason.toLowerCase().includes(who.toLowerCase())) return
  throw new UsageError(
    '--reason names whom it is about.',
    'It stands in the trail for good: write the number of the request instead.',
  )
}

function describe({ erased, held }: Erasure, isDone: boolean): string {
  if (held.length > 0) return `${held.join(', ')}: under a legal hold (audit.holds). Nothing was erased.\n`
  if (erased.length === 0) return 'The storage has no key of such a principal: there is nothing to erase.\n'
  const what = isDone ? 'is erased' : 'would be erased; nothing is done without --yes'
  return `${[
    `${erased.join(', ')} ${what}.`,
    'Erased: the key, and with it who that was, sealed arguments and results, and the meaning of digests, in every copy of the trail.',
    'Kept: the records themselves under the pseudonym, with names of tools, URIs, times, roles and outcomes.',
    'Out of reach: the log, tasks until they expire, backups of the storage together with the pepper, and what tools themselves keep.',
    'A running server uses the key for at most 10 seconds more. The API key still works: take it out if it should not.',
  ].join('\n')}\n`
}
