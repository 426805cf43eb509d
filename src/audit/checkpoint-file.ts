import { constants } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Observer } from '../observe/observation.ts'

/** What waits for a file that takes nothing is bounded: the newest notes cover what the older ones said. */
const MAX_WAITING = 100

/**
 * Appends signed notes to a file beside the chain, best on another disk or host: it is what shows that the end of a chain was
 * cut off. A note that it does not take comes with the next one; that is observed once and stops nothing.
 */
export class CheckpointFile {
  readonly #file: string
  readonly #observe: Observer
  #waiting: string[] = []
  #writing: Promise<void> | undefined
  #isFailing = false

  constructor(file: string, observe: Observer) {
    this.#file = file
    this.#observe = observe
  }

  /** Takes a note. Never throws. */
  append(note: string): void {
    this.#waiting.push(note)
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift()
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined
    })
  }

  /** Resolves when what it has taken is written, or cannot be. */
  async close(): Promise<void> {
    await this.#writing
    if (this.#waiting.length > 0) await this.#write()
  }

  async #write(): Promise<void> {
    const notes = this.#waiting.splice(0)
    try {
      await mkdir(dirname(this.#file), { recursive: true, mode: 0o700 })
      const handle = await open(this.#file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT, 0o600)
      try {
        await handle.appendFile(notes.map((note) => `${note}\n`).join(''))
        await handle.datasync()
      } finally {
        await handle.close()
      }
      this.#isFailing = false
    } catch (cause) {
      this.#waiting.unshift(...notes)
      if (this.#isFailing) return
      this.#isFailing = true
      this.#observe({ type: 'fault', message: `The audit checkpoints ${this.#file} cannot be written.`, cause })
    }
  }
}
