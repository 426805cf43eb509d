import type { ChainRetention } from '../../app/trail/retain-trail.ts'
import { ToolgateError } from '../../errors.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'

/** Removes records that are older than the configuration says, or says which those are. */
export const retain: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  if (Object.keys(config.audit.retention).length === 0) throw notSet()
  const { planRetention, retainTrail } = await import('../../app/trail/retain-trail.ts')
  const isDone = !options.has('dry-run')
  const run = { clock: Date.now, isClockTrusted: options.has('trust-clock') }
  const chains = await (isDone ? retainTrail(config, run) : planRetention(config, run))
  if (options.has('json')) terminal.out(`${JSON.stringify({ chains, isDone }, null, 2)}\n`)
  else terminal.out(describe(chains, isDone))
  return chains.some(({ kept }) => kept.kind === 'altered') ? EXIT_CODES.failed : EXIT_CODES.ok
}

function notSet(): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: 'audit.retention is not set: everything is kept.',
    hint: 'Say how long, such as `audit: { retention: { default: 400d } }`.',
  })
}

function describe(chains: readonly ChainRetention[], isDone: boolean): string {
  const lines = chains.flatMap(({ chain, segments, firstSeq, keptFrom, records, removedUntil, kept }) => {
    const what = `${records} records (${firstSeq} to ${keptFrom - 1}, until ${removedUntil}) in ${segments.length} files`
    const done = isDone ? 'removed' : 'would be removed'
    return [
      `${chain}: ${segments.length === 0 ? 'nothing to remove' : `${what} ${done}`}.`,
      `  kept from record ${keptFrom} on: ${kept.message}`,
    ]
  })
  return lines.length === 0 ? 'There is no audit trail yet.\n' : `${lines.join('\n')}\n`
}
