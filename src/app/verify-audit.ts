import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type NoteKey, parseNoteKey } from '../audit/signed-note.ts'
import { openSigningKey } from '../audit/signing-key.ts'
import { parseNotes, type TrailReport, verifyTrail } from '../audit/verify-trail.ts'
import type { Config } from '../config/config.ts'
import { ToolgateError } from '../errors.ts'

export type { ChainReport } from '../audit/verify-chain.ts'
export type { TrailReport } from '../audit/verify-trail.ts'

/** What is verified, and against what. Paths are absolute. */
export interface AuditToVerify {
  readonly directory: string
  /** The text of a public key, or a file that holds it. Default: `audit.pub` beside the directory. */
  readonly key?: string
  /** Signed checkpoints that were kept elsewhere. Default: `audit.checkpoints` beside the directory. */
  readonly checkpoints?: string
  /** It is an error when that file is not there. */
  readonly needsCheckpoints?: boolean
}

/** Holds a trail against the public key. Needs no configuration and no network. Rejects with `STORAGE_FAILED`. */
export async function verifyAudit(given: AuditToVerify): Promise<TrailReport> {
  const { directory, needsCheckpoints = false } = given
  const beside = dirname(directory)
  const { key = join(beside, 'audit.pub'), checkpoints = join(beside, 'audit.checkpoints') } = given
  const notes = parseNotes(await readText(checkpoints, needsCheckpoints))
  const report = await verifyTrail(directory, { key: await readKey(key), notes })
  if (report.chains.length > 0 || report.findings.length > 0) return report
  throw failed(`There is no audit trail in ${directory}.`, 'Name the folder that holds its chains.')
}

/** The public key of an installation, as `audit verify --key` takes it; made when there is none. */
export function auditPublicKey(config: Config): string {
  return openSigningKey(config.storage.directory).publicKey.text
}

async function readKey(given: string): Promise<NoteKey> {
  const key = parseNoteKey(given) ?? parseNoteKey(await readText(given, true))
  if (key !== undefined) return key
  throw failed(
    `${given} holds no public key of an audit trail.`,
    'Print it with `toolgate audit key` where the trail is written.',
  )
}

async function readText(file: string, isRequired: boolean): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' && !isRequired) return ''
    throw failed(`${file} cannot be read (${code}).`, 'Name a file that this user may read.', cause)
  }
}

function failed(message: string, hint: string, cause?: unknown): ToolgateError {
  return new ToolgateError({ code: 'STORAGE_FAILED', message, hint, cause })
}
