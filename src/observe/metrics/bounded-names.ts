/** Stands for every name that has no series of its own. */
export const OTHER = '_OTHER'

const MAX_LENGTH = 128

/** Names that get a series of their own: the first so many, and never longer than 128 characters. The others share one. */
export class BoundedNames {
  readonly #max: number
  readonly #known = new Map<string, string>()

  constructor(max: number) {
    this.#max = max
  }

  of(name: string): string {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    if (this.#known.size >= this.#max) return OTHER
    const shown = name.slice(0, MAX_LENGTH)
    this.#known.set(name, shown)
    return shown
  }
}
