import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

/** Stands between what the hash of a record covers and the hash itself. */
const HASH_MEMBER = ',"hash":"'
/** From the last byte that is covered to the end of the line: the member, 43 characters, a quote, the brace. */
const TAIL_LENGTH = HASH_MEMBER.length + 45
const ROOM = 64 * 1024
const LONG_ROOM = 1024 * 1024

let room = Buffer.alloc(ROOM)

/** What the first record of a chain follows: SHA-256 of the chain's name. Hashes are base64url texts throughout. */
export function firstHash(chain: string): string {
  return hash('sha256', chain, 'base64url')
}

/** Whether a text can be a hash. */
export function isHash(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Za-z_-]{42}[048AEIMQUYcgkosw]$/.test(value)
}

/** Ends a line that was begun, without its last brace: answers its hash, and the whole line with a line feed. */
export function endLine(before: string, covered: string): { readonly line: string; readonly hash: string } {
  const needed = 32 + covered.length * 3
  if (room.length < needed) room = Buffer.alloc(needed)
  room.write(before, 0, 'base64url')
  const length = 32 + room.write(covered, 32)
  const sum = hashRoom(length)
  return { line: `${covered}${HASH_MEMBER}${sum}"}\n`, hash: sum }
}

/** Takes a line apart, without its line feed. `undefined` when it does not end with a hash. */
export function splitLine(line: Buffer): { readonly covered: Buffer; readonly hash: string } | undefined {
  const at = line.length - TAIL_LENGTH
  if (at <= 0) return undefined
  const tail = line.toString('latin1', at)
  const sum = tail.slice(HASH_MEMBER.length, -2)
  if (!tail.startsWith(HASH_MEMBER) || !tail.endsWith('"}') || !isHash(sum)) return undefined
  return { covered: line.subarray(0, at), hash: sum }
}

/** SHA-256 over the hash before and the covered part of a line, as they stand in a file. */
export function hashBytes(before: string, covered: Uint8Array): string {
  const length = 32 + covered.length
  if (room.length < length) room = Buffer.alloc(length)
  room.write(before, 0, 'base64url')
  room.set(covered, 32)
  return hashRoom(length)
}

function hashRoom(length: number): string {
  const sum = hash('sha256', room.subarray(0, length), 'base64url')
  // One huge record must not hold its memory for ever.
  if (room.length > LONG_ROOM) room = Buffer.alloc(ROOM)
  return sum
}
