/**
 * A bounded queue that is fair between owners: in the order of coming within an owner, in turn between owners. When it is
 * full, whoever has more in it than the newcomer's owner loses its newest to the newcomer, so nobody can fill it for others.
 */
export class FairQueue<T> {
  readonly #max: number
  /** In the order of their turns. */
  readonly #byOwner = new Map<string, T[]>()
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Adds an item; answers the one that finds no room, which may be the item itself. */
  add(owner: string, item: T): T | undefined {
    const displaced = this.#size < this.#max ? undefined : this.#displace(owner)
    if (displaced === undefined && this.#size >= this.#max) return item
    const own = this.#byOwner.get(owner)
    if (own === undefined) this.#byOwner.set(owner, [item])
    else own.push(item)
    this.#size += 1
    return displaced
  }

  /** Takes the first item that may be taken, of the owner whose turn it is; that owner's next turn comes last. */
  take(mayTake: (item: T) => boolean): T | undefined {
    for (const [owner, items] of this.#byOwner) {
      const item = items.find(mayTake)
      if (item === undefined) continue
      this.remove(owner, item)
      const others = this.#byOwner.get(owner)
      if (others !== undefined) {
        this.#byOwner.delete(owner)
        this.#byOwner.set(owner, others)
      }
      return item
    }
    return undefined
  }

  /** Takes the item out, if it is there. */
  remove(owner: string, item: T): void {
    const items = this.#byOwner.get(owner)
    const index = items?.indexOf(item) ?? -1
    if (items === undefined || index < 0) return
    items.splice(index, 1)
    this.#size -= 1
    if (items.length === 0) this.#byOwner.delete(owner)
  }

  #displace(owner: string): T | undefined {
    let longest: T[] = []
    for (const items of this.#byOwner.values()) if (items.length > longest.length) longest = items
    if (longest.length <= (this.#byOwner.get(owner)?.length ?? 0) + 1) return undefined
    this.#size -= 1
    return longest.pop()
  }
}
