import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type ExportFormat, escapeText, type TrailLine } from '../../app/trail/read-trail.ts'
import { ToolgateError } from '../../errors.ts'
import type { Invocation, Options, RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'
import { recordText } from '../print-record.ts'
import { readTrailTime } from '../read-trail-time.ts'
import { UsageError } from '../usage-error.ts'

const POLL_MS = 500

/** Prints the last records, and with -f every one that comes. */
export const tail: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const { audit } = await openTarget(invocation)
  const { readLast, readNew } = await import('../../app/trail/follow-trail.ts')
  const print = (lines: readonly TrailLine[]): void => {
    terminal.out(lines.map((line) => (options.has('json') ? `${line.line}\n` : recordText(line))).join(''))
  }
  const { lines, positions } = await readLast(audit.directory, readCount(options, 'lines', 20))
  print(lines)
  while (options.has('follow')) {
    await setTimeout(POLL_MS)
    for await (const more of readNew(audit.directory, positions)) print(more)
  }
  return EXIT_CODES.ok
}

/** Finds records by what stands in them, newest first. */
export const search: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  const { recordReading, subjectsOf } = await import('../../app/trail/read-trail.ts')
  const { searchTrail } = await import('../../app/trail/search-trail.ts')
  const who = options.text('principal')
  const lines = await searchTrail(config.audit.directory, {
    ...readRange(options),
    ...pick(options, {
      event: 'event',
      callId: 'call',
      name: 'name',
      status: 'status',
      code: 'code',
      decision: 'decision',
      text: 'text',
    }),
    ...(who === undefined ? {} : { subjects: subjectsOf(config, who) }),
    limit: readCount(options, 'limit', 50),
  })
  // Recorded before it is shown: what cannot be recorded is not shown.
  await recordReading(config, { action: 'search', query: queryOf(invocation), records: lines.length })
  terminal.out(lines.map((line) => (options.has('json') ? `${line.line}\n` : recordText(line))).join(''))
  if (lines.length === 0) terminal.err('There is no such record.\n')
  return EXIT_CODES.ok
}

/** Writes the records, or those of a time, in a format that other systems read. */
export const exportRecords: RunCommand = async (invocation) => {
  const { options, terminal, version } = invocation
  const format = await readFormat(options)
  const range = readRange(options)
  const config = await openTarget(invocation)
  const { exportTrail } = await import('../../app/trail/export-trail.ts')
  const { recordReading } = await import('../../app/trail/read-trail.ts')
  const to = options.text('out')
  const file = to === undefined ? undefined : await openNew(resolve(terminal.directory, to))
  let records = 0
  try {
    // Recorded before the first byte goes out, so without how many there are.
    await recordReading(config, { action: 'export', query: queryOf(invocation) })
    for await (const piece of exportTrail(config.audit.directory, { format, version, ...range })) {
      if (file === undefined) terminal.out(piece.text)
      else await file.appendFile(piece.text)
      records += piece.records
    }
    await file?.sync()
  } finally {
    await file?.close()
  }
  terminal.err(`${records} records${to === undefined ? '' : ` in ${escapeText(to)}`}.\n`)
  return EXIT_CODES.ok
}

async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600)
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new ToolgateError({
      code: 'STORAGE_FAILED',
      message: isThere ? `There is a file ${path} already.` : `The file ${path} cannot be made.`,
      hint: isThere ? 'Name another file: nothing is overwritten.' : 'Name a file in a folder that can be written.',
      cause,
    })
  }
}

async function readFormat(options: Options): Promise<ExportFormat> {
  const { EXPORT_FORMATS } = await import('../../app/trail/read-trail.ts')
  const format = EXPORT_FORMATS.find((each) => each === options.text('format'))
  if (format !== undefined) return format
  throw new UsageError(`--format is ${options.text('format')}.`, `Write one of: ${EXPORT_FORMATS.join(', ')}.`)
}

function readRange(options: Options): { since?: number; until?: number } {
  const [since, until] = [readTrailTime(options, 'since'), readTrailTime(options, 'until')]
  return { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
}

function readCount(options: Options, name: string, fallback: number): number {
  const text = options.text(name)
  if (text === undefined) return fallback
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 100_000) return count
  throw new UsageError(`--${name} is ${text}.`, 'Write a number from 1 to 100000.')
}

function pick<Name extends string>(
  options: Options,
  names: Readonly<Record<Name, string>>,
): Partial<Record<Name, string>> {
  const picked: Partial<Record<Name, string>> = {}
  for (const [member, option] of Object.entries(names) as [Name, string][]) {
    const text = options.text(option)
    if (text !== undefined) picked[member] = text
  }
  return picked
}

const RECORDED = [
  'since',
  'until',
  'principal',
  'name',
  'event',
  'status',
  'code',
  'call',
  'decision',
  'text',
  'limit',
  'format',
]

/** The options that were given, for the record. Whom somebody searched for by name is left out: no name stands in the trail. */
function queryOf({ options }: Invocation): string {
  const given = RECORDED.filter((name) => options.has(name))
  return given
    .map((name) => (name === 'principal' || name === 'text' ? `--${name} …` : `--${name}=${options.text(name)}`))
    .join(' ')
}
