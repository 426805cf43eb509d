import type { HoldRequest } from '../../app/trail/change-holds.ts'
import type { Hold } from '../../app/trail/holds-file.ts'
import { escapeText } from '../../app/trail/read-trail.ts'
import { ToolgateError } from '../../errors.ts'
import type { Invocation, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { readReason } from '../read-reason.ts'
import { readTrailTime } from '../read-trail-time.ts'
import { UsageError } from '../usage-error.ts'

/** Lays a legal hold on somebody, or on all records of a time. */
export const addHold: RunCommand = async (invocation) => {
  const request = readRequest(invocation)
  const config = await openTarget(invocation)
  const changes = await import('../../app/trail/change-holds.ts')
  return print(invocation, await changes.addHold(config, request), 'is in force')
}

/** Takes a legal hold off. */
export const removeHold: RunCommand = async (invocation) => {
  const { options } = invocation
  const id = options.text('id') ?? ''
  const reason = readReason(options, undefined)
  const config = await openTarget(invocation)
  const changes = await import('../../app/trail/change-holds.ts')
  const hold = await changes.removeHold(config, id, reason)
  if (hold === undefined) throw unknownHold()
  return print(invocation, hold, 'is taken off')
}

/** Lists the legal holds, those of the configuration too. */
export const listHolds: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const { audit } = await openTarget(invocation)
  const { readHolds } = await import('../../app/trail/holds-file.ts')
  const holds = await readHolds(audit.directory)
  if (options.has('json')) {
    terminal.out(`${JSON.stringify({ configured: audit.holds, holds }, null, 2)}\n`)
    return EXIT_CODES.ok
  }
  const configured = audit.holds.map((who, at) => `audit.holds[${at}]  ${escapeText(who)}`)
  const lines = [...configured, ...holds.map((hold) => `${describe(hold)}  since ${escapeText(hold.addedAt)}`)]
  terminal.out(lines.length === 0 ? 'There is no legal hold.\n' : `${lines.join('\n')}\n`)
  return EXIT_CODES.ok
}

function readRequest({ options }: Invocation): HoldRequest {
  const who = options.text('principal')
  const [since, until] = [readTrailTime(options, 'since'), readTrailTime(options, 'until')]
  const reason = readReason(options, who)
  const why = reason === undefined ? {} : { reason }
  if (who !== undefined && since === undefined && until === undefined) return { who, ...why }
  if (who === undefined && since !== undefined && until !== undefined && since < until) return { since, until, ...why }
  throw new UsageError(
    'What is to be held is not clear.',
    'Give either --principal WHO, or --since TIME and a later --until TIME: all records of that time.',
  )
}

function print({ options, terminal }: Invocation, hold: Hold, state: string): number {
  terminal.out(options.has('json') ? `${JSON.stringify(hold)}\n` : `${describe(hold)}  ${state}\n`)
  return EXIT_CODES.ok
}

function describe({ id, subjects, since, until, reason }: Hold): string {
  const what = subjects === undefined ? `all records from ${since} until ${until}` : subjects.join(', ')
  return escapeText(`${id}  ${what}${reason === undefined ? '' : `  (${reason})`}`)
}

function unknownHold(): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: 'There is no such hold.',
    hint: '`toolgate audit hold list` lists them. Those of audit.holds are taken out of the configuration.',
  })
}
