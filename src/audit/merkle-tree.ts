import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'
import { isHash } from './chain-hash.ts'

/**
 * The Merkle tree of RFC 6962, section 2.1, over record hashes, of which it keeps the roots of the perfect subtrees alone:
 * at most 53 of them. Hashes are base64url texts.
 */
export class MerkleTree {
  #size = 0
  /** Roots of the perfect subtrees, greatest first. */
  readonly #roots: string[] = []

  get size(): number {
    return this.#size
  }

  /** Adds the hash of a record. */
  append(leaf: string): void {
    let node = hashLeaf(leaf)
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = hashNode(this.#roots.pop() ?? '', node)
    }
    this.#roots.push(node)
    this.#size += 1
  }

  /** The root of the tree as it is. */
  root(): string {
    if (this.#roots.length === 0) return hash('sha256', '', 'base64url')
    return this.#roots.reduceRight((right, left) => hashNode(left, right))
  }

  /** What a tree can be continued from: the roots of the perfect subtrees, greatest first. */
  frontier(): readonly string[] {
    return [...this.#roots]
  }

  /** Continues a tree. `undefined` when the frontier is not one of that size. */
  static from(size: number, frontier: readonly string[]): MerkleTree | undefined {
    if (!Number.isSafeInteger(size) || size < 0 || frontier.length !== countBits(size)) return undefined
    if (!frontier.every(isHash)) return undefined
    const tree = new MerkleTree()
    tree.#size = size
    tree.#roots.push(...frontier)
    return tree
  }
}

const leafInput = Buffer.alloc(33)
const nodeInput = Buffer.alloc(65, 1)

function hashLeaf(leaf: string): string {
  leafInput.write(leaf, 1, 'base64url')
  return hash('sha256', leafInput, 'base64url')
}

function hashNode(left: string, right: string): string {
  nodeInput.write(left, 1, 'base64url')
  nodeInput.write(right, 33, 'base64url')
  return hash('sha256', nodeInput, 'base64url')
}

function countBits(size: number): number {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}
