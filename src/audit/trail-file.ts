import { closeSync, fstatSync, fsync, mkdirSync, openSync, readSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

const NEWLINE = 0x0a

/** A file open for appending. */
export interface TrailFile {
  readonly descriptor: number
  /** The last line has no end: whoever wrote it died, or the disk was full. */
  readonly endsInside: boolean
  /** Whether the name still leads to this file: it may have been moved, or removed. */
  isCurrent(): boolean
  /** Closes it when everything in it is on disk. */
  close(): void
}

/** Opens the file for its owner alone, making it and its folder where they are missing. Throws what the system says. */
export function openTrailFile(file: string): TrailFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const descriptor = openSync(file, 'a+', 0o600)
  const opened = fstatSync(descriptor)
  return {
    descriptor,
    endsInside: opened.isFile() && opened.size > 0 && !endsWithNewline(descriptor, opened.size),
    isCurrent: () => isSameFile(file, opened),
    close: () => fsync(descriptor, () => closeSync(descriptor)),
  }
}

function isSameFile(file: string, opened: Stats): boolean {
  try {
    const named = statSync(file)
    return named.ino === opened.ino && named.dev === opened.dev
  } catch {
    return false
  }
}

function endsWithNewline(descriptor: number, size: number): boolean {
  const last = Buffer.alloc(1)
  readSync(descriptor, last, 0, 1, size - 1)
  return last[0] === NEWLINE
}
