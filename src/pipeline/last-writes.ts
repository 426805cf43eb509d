interface LastWrite {
  readonly fingerprint: string | undefined
  readonly turn: number
}

const MAX_WRITERS = 10_000

/**
 * Numbers what principals write in connectors, so that a repetition is told from the same call after another one: `set 1`,
 * `set 1` is a retry, the last of `set 1`, `set 2`, `set 1` is not. Of writers that were not seen for long it forgets.
 */
export class LastWrites {
  readonly #byWriter = new Map<string, LastWrite>()
  #turns = 0

  /** The number of the write; the same as before when it is the same write. */
  note(principalId: string, connector: string, fingerprint: string | undefined): number {
    const writer = `${principalId}\0${connector}`
    const last = this.#byWriter.get(writer)
    if (last !== undefined && fingerprint !== undefined && last.fingerprint === fingerprint) return last.turn
    this.#turns += 1
    this.#byWriter.delete(writer)
    this.#byWriter.set(writer, { fingerprint, turn: this.#turns })
    const oldest = this.#byWriter.keys().next()
    if (this.#byWriter.size > MAX_WRITERS && oldest.done !== true) this.#byWriter.delete(oldest.value)
    return this.#turns
  }
}
