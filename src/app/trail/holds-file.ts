import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { syncFolder } from '../../audit/open-chain.ts'
import { ToolgateError } from '../../errors.ts'

/** A legal hold that was laid on the command line. */
export interface Hold {
  /** `h_` and eight hex digits. */
  readonly id: string
  /** Pseudonyms; all records of them, of whatever time. */
  readonly subjects?: readonly string[]
  /** From, and up to but without; ISO 8601. All records of that time, of whomever. */
  readonly since?: string
  readonly until?: string
  /** ISO 8601. */
  readonly addedAt: string
  readonly reason?: string
}

/** The holds that are kept beside a trail; none where there is no file. Rejects with `STORAGE_FAILED` when it cannot be read. */
export async function readHolds(directory: string): Promise<readonly Hold[]> {
  const file = fileIn(directory)
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    const { v, holds } = value as { readonly v?: unknown; readonly holds?: unknown }
    if (v === 1 && Array.isArray(holds) && holds.every(isHold)) return holds
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return []
    throw damaged(file, cause)
  }
  throw damaged(file)
}

/** Puts the file in place in one step, on disk when it resolves: a crash leaves the old one or the new one. */
export async function writeHolds(directory: string, holds: readonly Hold[]): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const file = fileIn(directory)
  const handle = await open(`${file}.next`, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ v: 1, holds }, null, 2)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(`${file}.next`, file)
  syncFolder(directory)
}

function fileIn(directory: string): string {
  return join(directory, 'holds.json')
}

function isHold(value: unknown): value is Hold {
  if (typeof value !== 'object' || value === null) return false
  const { id, subjects, since, until } = value as Readonly<Record<string, unknown>>
  const isOfSubjects =
    Array.isArray(subjects) && subjects.length > 0 && subjects.every((each) => typeof each === 'string')
  return typeof id === 'string' && (subjects === undefined ? isTime(since) && isTime(until) : isOfSubjects)
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

/** What a hold is kept in must not get lost silently: while it cannot be read, nothing is erased or removed. */
function damaged(file: string, cause?: unknown): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `The legal holds in ${file} cannot be read; nothing is erased or removed while that is so.`,
    hint: 'Restore the file; `toolgate audit search --event hold.changed` says which holds there were.',
    cause,
  })
}
