import type { Erasure } from '../../app/trail/erase-subject.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { readReason } from '../read-reason.ts'

/** Makes what the trail says of a principal unreadable; without --yes it says what that would be. */
export const erase: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const who = options.text('principal') ?? ''
  const reason = readReason(options, who)
  const config = await openTarget(invocation)
  const { eraseSubject, planErasure } = await import('../../app/trail/erase-subject.ts')
  const isDone = options.has('yes')
  const erasure = isDone
    ? await eraseSubject(config, { who, ...(reason === undefined ? {} : { reason }) })
    : await planErasure(config, who)
  const isHeld = erasure.held.length > 0
  if (options.has('json')) terminal.out(`${JSON.stringify({ ...erasure, isDone: isDone && !isHeld })}\n`)
  else terminal.out(describe(erasure, isDone))
  return isHeld ? EXIT_CODES.failed : EXIT_CODES.ok
}

function describe({ erased, held, holds }: Erasure, isDone: boolean): string {
  if (held.length > 0) return `${held.join(', ')}: under a legal hold (${holds.join(', ')}). Nothing was erased.\n`
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
