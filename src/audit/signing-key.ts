import { Buffer } from 'node:buffer'
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { ToolgateError } from '../errors.ts'
import { createNoteSigner, type NoteSigner } from './signed-note.ts'

/**
 * The key that signs checkpoints: `audit.key` in the directory, for its owner alone, made at the first use, with its public
 * half in `audit.pub` beside it. Throws `STORAGE_FAILED` when it cannot be made or when others may read it.
 */
export function openSigningKey(directory: string): NoteSigner {
  const file = join(directory, 'audit.key')
  try {
    const signer = createNoteSigner(readKey(file) ?? makeKey(directory, file))
    writePublicKey(join(directory, 'audit.pub'), signer.publicKey.text)
    return signer
  } catch (cause) {
    if (cause instanceof ToolgateError) throw cause
    throw unusable(
      `The signing key ${file} cannot be used.`,
      'Let the user that runs Toolgate read and write it.',
      cause,
    )
  }
}

function readKey(file: string): KeyObject | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw cause
  }
  try {
    const mode = fstatSync(descriptor).mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw unusable(
        `The signing key ${file} can be read or written by other users (mode ${mode.toString(8)}).`,
        `Take that away with \`chmod 600 ${file}\`; if somebody else may have read it, move it away: a new one is made.`,
      )
    }
    return createPrivateKey(readFileSync(descriptor))
  } finally {
    closeSync(descriptor)
  }
}

/** Written aside and linked into place, so that of two processes one wins and nobody ever reads half of it. */
function makeKey(directory: string, file: string): KeyObject {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const aside = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    const descriptor = openSync(aside, 'wx', 0o600)
    try {
      const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
      const bytes = Buffer.from(pem)
      if (writeSync(descriptor, bytes) !== bytes.length) throw new Error('It was written in part only.')
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    linkSync(aside, file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause
  } finally {
    rmSync(aside, { force: true })
  }
  const key = readKey(file)
  if (key !== undefined) return key
  throw unusable(`The signing key ${file} was removed while it was made.`, 'Try again.')
}

/** Everybody may read it; it is written only when it is not there, or not that of the key. */
function writePublicKey(file: string, text: string): void {
  try {
    if (readFileSync(file, 'utf8') === `${text}\n`) return
  } catch {
    // It is not there yet.
  }
  writeFileSync(file, `${text}\n`, { mode: 0o644 })
}

function unusable(message: string, hint: string, cause?: unknown): ToolgateError {
  return new ToolgateError({ code: 'STORAGE_FAILED', message, hint, cause })
}
