import type { Options } from './command.ts'
import { UsageError } from './usage-error.ts'

const MAX_REASON = 200

/** What `--reason` says. It is signed into the trail: a name in it could never be taken out again. Throws `UsageError`. */
export function readReason(options: Options, who: string | undefined): string | undefined {
  const reason = options.text('reason')
  if (reason === undefined) return undefined
  if (reason.length > MAX_REASON) {
    throw new UsageError(`--reason has ${reason.length} characters.`, `Write at most ${MAX_REASON}.`)
  }
  if (who === undefined || !reason.toLowerCase().includes(who.toLowerCase())) return reason
  throw new UsageError(
    '--reason names whom it is about.',
    'It stands in the trail for good: write the number of the request instead.',
  )
}
