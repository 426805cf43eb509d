import { Buffer } from 'node:buffer'
import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'

/** A key under which notes are signed (C2SP signed-note); its public half is text that fits on a line. */
export interface NoteSigner {
  readonly publicKey: NoteKey
  /** Adds the signature to a text that ends with a line feed. */
  sign(text: string): string
}

/** The public half of a signing key. */
export interface NoteKey {
  readonly name: string
  /** First four bytes of SHA-256 over name, line feed, 0x01 and the key (C2SP signed-note, Ed25519). */
  readonly id: Buffer
  /** As `--key` takes it: `toolgate-audit+3f9a01bc+AQ…`. */
  readonly text: string
  readonly key: KeyObject
}

/** What a checkpoint note says (C2SP tlog-checkpoint). */
export interface NoteContent {
  readonly origin: string
  readonly size: number
  /** Base64 of the root. */
  readonly root: string
}

const NAME = 'toolgate-audit'
const ED25519 = 1

/** Signs with an Ed25519 private key. */
export function createNoteSigner(privateKey: KeyObject): NoteSigner {
  const publicKey = toNoteKey(NAME, createPublicKey(privateKey))
  return {
    publicKey,
    sign(text) {
      const signature = sign(null, Buffer.from(text), privateKey)
      return `${text}\n— ${publicKey.name} ${Buffer.concat([publicKey.id, signature]).toString('base64')}\n`
    },
  }
}

/** Reads the text of a public key; `undefined` when it is none. */
export function parseNoteKey(text: string): NoteKey | undefined {
  const [, name, id, encoded] = /^([^\s+]{1,255})\+([0-9a-f]{8})\+([0-9A-Za-z+/]{44}={0,2})$/.exec(text.trim()) ?? []
  if (name === undefined || encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== 33 || bytes[0] !== ED25519) return undefined
  try {
    const x = bytes.subarray(1).toString('base64url')
    const key = toNoteKey(name, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }))
    return key.id.toString('hex') === id ? key : undefined
  } catch {
    return undefined
  }
}

/** The text of a checkpoint, to be signed. */
export function toCheckpointText({ origin, size, root }: NoteContent): string {
  return `${origin}\n${size}\n${root}\n`
}

/** What a note says, when the key has signed it; else `undefined`. */
export function openNote(note: string, key: NoteKey): NoteContent | undefined {
  const end = note.indexOf('\n\n')
  if (end < 0) return undefined
  const text = note.slice(0, end + 1)
  const isSigned = note
    .slice(end + 2)
    .split('\n')
    .some((line) => isSignature(line, text, key))
  return isSigned ? parseCheckpointText(text) : undefined
}

/** What a note claims, whoever wrote it. */
export function parseCheckpointText(text: string): NoteContent | undefined {
  const [origin, size = '', root] = text.split('\n')
  if (!origin || !root || !/^(0|[1-9]\d{0,15})$/.test(size)) return undefined
  return { origin, size: Number(size), root }
}

function isSignature(line: string, text: string, key: NoteKey): boolean {
  const [, name, encoded] = /^— (\S+) ([0-9A-Za-z+/]+={0,2})$/.exec(line) ?? []
  if (name !== key.name || encoded === undefined) return false
  const bytes = Buffer.from(encoded, 'base64')
  return (
    bytes.length === 68 &&
    bytes.subarray(0, 4).equals(key.id) &&
    verify(null, Buffer.from(text), key.key, bytes.subarray(4))
  )
}

function toNoteKey(name: string, key: KeyObject): NoteKey {
  const { x = '' } = key.export({ format: 'jwk' })
  const encoded = Buffer.concat([Buffer.of(ED25519), Buffer.from(x, 'base64url')])
  const sum = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), encoded]), 'hex')
  const id = Buffer.from(sum.slice(0, 8), 'hex')
  return { name, id, text: `${name}+${id.toString('hex')}+${encoded.toString('base64')}`, key }
}
