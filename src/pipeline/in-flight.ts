/** The calls that run under the same configuration. */
export class InFlight {
  #count = 0
  #waiting: (() => void)[] = []
  /** Shared by all configurations that this one came after. */
  readonly #total: { count: number }

  constructor(before?: InFlight) {
    this.#total = before === undefined ? { count: 0 } : before.#total
  }

  /** Calls that run under this configuration or one before. */
  get total(): number {
    return this.#total.count
  }

  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#count += 1
    this.#total.count += 1
  }

  end(): void {
    this.#count -= 1
    this.#total.count -= 1
    if (this.#count > 0) return
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** Resolves when none runs. */
  async idle(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
