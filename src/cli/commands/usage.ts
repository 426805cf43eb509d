import type { UsageDimension, UsageSum } from '../../app/app.ts'
import type { Options, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { readSpan } from '../read-span.ts'
import { UsageError } from '../usage-error.ts'
import { usageText } from '../usage-text.ts'

const DIMENSIONS: readonly UsageDimension[] = ['tool', 'client', 'status']

/** Prints how much was called, how often it failed and how long it took. */
export const usage: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const by = readDimensions(options)
  const since = options.text('since') ?? '24h'
  const spanMs = readSpan(since)
  if (spanMs === undefined || spanMs === 0) throw new UsageError(`--since is ${since}; expected 7d, 24h or 90m.`)
  const config = await openTarget(invocation)
  const { UsageRecording } = await import('../../app/usage-recording.ts')
  const recording = new UsageRecording(config)
  const to = Date.now()
  const from = to - spanMs
  const sums = await recording.read({ from, to, by }).finally(() => recording.close())
  if (options.has('json')) terminal.out(`${JSON.stringify({ from, to, usage: sums.map(withoutStart) }, null, 2)}\n`)
  else terminal.out(usageText(sums, by, since))
  return EXIT_CODES.ok
}

function readDimensions(options: Options): readonly UsageDimension[] {
  const given = options.all('by')
  const by = DIMENSIONS.filter((dimension) => given.includes(dimension))
  const wrong = given.find((word) => !by.some((dimension) => dimension === word))
  if (wrong !== undefined) throw new UsageError(`--by is ${wrong}; expected tool, client or status.`)
  return by.length === 0 ? ['tool'] : by
}

/** It is `from`, for every one of them. */
function withoutStart({ start: _, ...sum }: UsageSum): Omit<UsageSum, 'start'> {
  return sum
}
