import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { ToolgateError } from '../errors.ts'

/** The secret under which API keys are hashed. Whoever steals the storage without it cannot check a guess. */
export interface Pepper {
  /** The secret, or `undefined` while none was made. Throws `ToolgateError` when there is one that cannot be used. */
  read(): Uint8Array | undefined
  /** The secret; made and stored first when there is none. */
  readOrCreate(): Uint8Array
}

/** Where the pepper is looked for. */
export interface PepperPlace {
  /** Absolute; the file `pepper` in it is used when the environment has none. */
  readonly directory: string
  /** `TOOLGATE_PEPPER` in it is taken first: base64 of 32 bytes or more. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const VARIABLE = 'TOOLGATE_PEPPER'
const LENGTH = 32
const BASE64 = /^[0-9A-Za-z+/_-]+={0,2}$/

/** The pepper of an installation. Touches no file until it is asked, and makes none until `readOrCreate`. */
export function openPepper({ directory, environment = process.env }: PepperPlace): Pepper {
  const given = environment[VARIABLE]
  if (given !== undefined && given !== '') {
    const bytes = decode(given)
    return { read: () => bytes, readOrCreate: () => bytes }
  }
  const file = join(directory, 'pepper')
  let bytes: Uint8Array | undefined
  const read = (): Uint8Array | undefined => {
    bytes ??= readFile(file)
    return bytes
  }
  return { read, readOrCreate: () => read() ?? create(directory, file, read) }
}

/** A pepper that is known already; it is kept nowhere. */
export function fixedPepper(bytes: Uint8Array): Pepper {
  return { read: () => bytes, readOrCreate: () => bytes }
}

function decode(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (BASE64.test(text) && bytes.length >= LENGTH) return bytes
  throw new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `${VARIABLE} is not base64 of ${LENGTH} bytes or more.`,
    hint: 'Make one with `openssl rand -base64 32`. Keys made under another pepper are not valid under it.',
  })
}

function readFile(file: string): Uint8Array | undefined {
  let descriptor: number
  try {
    descriptor = openSync(file, 'r')
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')) return undefined
    throw unusable(`The pepper ${file} cannot be read.`, 'Let the user that runs Toolgate read it.', cause)
  }
  try {
    refuseOpenToOthers(file, descriptor)
    const bytes = readFileSync(descriptor)
    if (bytes.length === LENGTH) return bytes
  } finally {
    closeSync(descriptor)
  }
  throw unusable(
    `The pepper ${file} is damaged: it is not ${LENGTH} bytes long.`,
    'Restore it from a backup. Without it no key made so far is valid: remove it and make new keys.',
  )
}

function refuseOpenToOthers(file: string, descriptor: number): void {
  const { mode } = fstatSync(descriptor)
  if (process.platform === 'win32' || (mode & 0o077) === 0) return
  throw unusable(
    `The pepper ${file} can be read or written by other users (mode ${(mode & 0o777).toString(8)}).`,
    `Take that away with \`chmod 600 ${file}\`, and make new keys if somebody else may have read it.`,
  )
}

function create(directory: string, file: string, read: () => Uint8Array | undefined): Uint8Array {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    linkNew(file, randomBytes(LENGTH))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw unusable(
        `The pepper ${file} cannot be made.`,
        `Let the user that runs Toolgate write there, or set ${VARIABLE}.`,
        cause,
      )
    }
  }
  const bytes = read()
  if (bytes !== undefined) return bytes
  throw unusable(`The pepper ${file} was removed while it was made.`, 'Try again.')
}

/** Written aside and linked into place, so that of two processes one wins and nobody ever reads half of it. */
function linkNew(file: string, bytes: Uint8Array): void {
  const aside = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`
  try {
    writeDurably(aside, bytes)
    linkSync(aside, file)
  } finally {
    rmSync(aside, { force: true })
  }
}

function writeDurably(file: string, bytes: Uint8Array): void {
  const descriptor = openSync(file, 'wx', 0o600)
  try {
    const written = writeSync(descriptor, bytes)
    if (written !== bytes.length) throw new Error(`Only ${written} of ${bytes.length} bytes were written.`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function unusable(message: string, hint: string, cause?: unknown): ToolgateError {
  return new ToolgateError({ code: 'STORAGE_FAILED', message, hint, cause })
}
