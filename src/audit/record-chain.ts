import { Buffer } from 'node:buffer'
import { type AuditEntry, type Introduction, toMembers } from './audit-trail.ts'
import { endLine, firstHash } from './chain-hash.ts'
import { MerkleTree } from './merkle-tree.ts'
import { type NoteSigner, toCheckpointText } from './signed-note.ts'
import type { Checkpoint } from './trail-event.ts'

/** Where a chain stands: what its next record follows. */
export interface ChainState {
  /** The name of its folder; stands in the origin of its checkpoints. */
  readonly name: string
  /** The hash of the last record. */
  readonly last: string
  readonly tree: MerkleTree
  /** Subjects that the current segment has introduced. */
  readonly introduced: Set<string>
}

/** A chain without records. */
export function newChainState(name: string): ChainState {
  return { name, last: firstHash(name), tree: new MerkleTree(), introduced: new Set() }
}

/** What the checkpoints of a chain name as their origin. */
export function originOf(chain: string): string {
  return `toolgate-audit/${chain}`
}

/** Makes lines of entries: numbered, each with a hash that covers it and all before it. */
export class RecordChain {
  readonly name: string
  readonly #signer: NoteSigner
  readonly #tree: MerkleTree
  readonly #introduced: Set<string>
  #last: string

  constructor({ name, last, tree, introduced }: ChainState, signer: NoteSigner) {
    this.name = name
    this.#last = last
    this.#tree = tree
    this.#introduced = introduced
    this.#signer = signer
  }

  /** How many records it has, and the number of the next. */
  get size(): number {
    return this.#tree.size
  }

  /** The line of an entry, behind that of its subject where the segment has not introduced it yet. */
  link({ members, subject }: AuditEntry, time: string): string {
    if (subject === undefined || this.#introduced.has(subject.subject)) return this.#link(members)
    return this.#introduce(subject, time) + this.#link(members)
  }

  /** The line of a checkpoint over everything before it, and its note. */
  linkCheckpoint(time: string): { readonly line: string; readonly note: string } {
    const size = this.#tree.size
    const root = Buffer.from(this.#tree.root(), 'base64url').toString('base64')
    const note = this.#signer.sign(toCheckpointText({ origin: originOf(this.name), size, root }))
    const checkpoint: Checkpoint = {
      time,
      event: 'checkpoint',
      size,
      note,
      frontier: this.#tree.frontier(),
      prev: this.#last,
    }
    return { line: this.#link(toMembers(checkpoint)), note }
  }

  /** From here on every subject is introduced again. */
  startSegment(): void {
    this.#introduced.clear()
  }

  #introduce({ subject, sealed }: Introduction, time: string): string {
    this.#introduced.add(subject)
    return this.#link(toMembers({ time, event: 'subject.introduced', subject, sealed }))
  }

  #link(members: string): string {
    const { line, hash } = endLine(this.#last, `{"v":1,"seq":${this.#tree.size},${members}`)
    this.#last = hash
    this.#tree.append(hash)
    return line
  }
}
