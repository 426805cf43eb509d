import type { Buffer } from 'node:buffer'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncate,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  write,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { syncFolder } from './open-chain.ts'

/** Where in which file the next bytes go. */
export interface WritePlace {
  /** Absolute. */
  readonly file: string
  /** How many bytes of it are durable; whatever stands behind them was never acknowledged. */
  readonly offset: number
}

const LOOK_AGAIN_MS = 1_000

/**
 * Writes batches to segments, each at its place and durable before the next: one write by a thread of the pool (O_DSYNC
 * costs two thirds of a write and an fdatasync). What a full disk took a part of is cut off again, so that no half line is
 * left; the batch is then written anew.
 */
export class SegmentWriter {
  #descriptor: number | undefined
  #file = ''
  #inode = 0
  #lookedAt = Number.NEGATIVE_INFINITY

  /** Resolves when the bytes are on disk. Rejects with what the system says; nothing of them counts as written then. */
  async write({ file, offset }: WritePlace, bytes: Buffer): Promise<void> {
    const descriptor = this.#open(file, offset)
    try {
      let written = 0
      while (written < bytes.length) written += await writeAt(descriptor, bytes.subarray(written), offset + written)
    } catch (cause) {
      await cut(descriptor, offset)
      // After a failed write the system may have forgotten what it could not write: only a new descriptor tells.
      this.close()
      throw cause
    }
  }

  /** The same without returning before, for the end of the process; how it went, nobody is left to be told. */
  writeNow({ file, offset }: WritePlace, bytes: Buffer): void {
    const descriptor = this.#open(file, offset)
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(descriptor, bytes, written, bytes.length - written, offset + written)
    }
  }

  /**
   * Whether the file at a place is still the one that was written: it may have been moved or removed. Looks at most once a
   * second.
   */
  isCurrent({ file, offset }: WritePlace): boolean {
    const now = performance.now()
    if (offset === 0 || now - this.#lookedAt < LOOK_AGAIN_MS) return true
    this.#lookedAt = now
    try {
      const { ino, size } = statSync(file)
      return size >= offset && (this.#descriptor === undefined || this.#file !== file || ino === this.#inode)
    } catch (cause) {
      // What cannot be looked at now is not gone.
      return !['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '')
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  #open(file: string, offset: number): number {
    if (this.#descriptor !== undefined && this.#file === file) return this.#descriptor
    this.close()
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const descriptor = openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o600)
    try {
      const { size, ino } = fstatSync(descriptor)
      if (size < offset) throw new Error(`${file} is shorter than what was written to it.`)
      if (size > offset) ftruncateSync(descriptor, offset)
      syncFolder(dirname(file))
      this.#inode = ino
    } catch (cause) {
      closeSync(descriptor)
      throw cause
    }
    this.#file = file
    this.#descriptor = descriptor
    return descriptor
  }
}

function writeAt(descriptor: number, bytes: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, position, (cause, written) => {
      if (cause !== null) reject(cause)
      else if (written === 0) reject(new Error('The file takes no more.'))
      else resolve(written)
    })
  })
}

/** When even this fails, the same bytes are written over it later, or the next start puts it aside. */
function cut(descriptor: number, offset: number): Promise<void> {
  return new Promise((resolve) => {
    ftruncate(descriptor, offset, () => resolve())
  })
}
