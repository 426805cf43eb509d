import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { isoTime } from '../observe/iso-time.ts'
import { newChainState } from './record-chain.ts'
import { type RecoveredChain, recoverChain } from './recover-chain.ts'
import type { NoteKey } from './signed-note.ts'

/** Takes a file for this process alone. Answers how to let go of it, `undefined` when another one has it; dying lets go. */
export type TakeLock = (file: string) => (() => void) | undefined

/** A chain that this process alone writes. */
export interface OpenedChain extends RecoveredChain {
  /** Absolute. */
  readonly folder: string
  /** Chains that are damaged, so that nobody goes on in them. */
  readonly damaged: readonly string[]
  release(): void
}

/** Where chains are and how they are taken. */
export interface ChainPlace {
  /** Absolute; made, for its owner alone. */
  readonly directory: string
  readonly takeLock: TakeLock
  readonly key: NoteKey
  readonly clock: () => number
  /** The name of the one chain that is meant. */
  readonly chain?: string
}

const CHAIN = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/

/**
 * Goes on in the first chain that nobody writes and that is whole, or begins a new one; where one is meant, in that one alone.
 * Throws what the system says.
 */
export function openChain({ directory, takeLock, key, clock, chain }: ChainPlace): OpenedChain {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const damaged: string[] = []
  const names = readdirSync(directory).filter((name) => CHAIN.test(name) && (chain ?? name) === name)
  for (const name of names.sort()) {
    const folder = join(directory, name)
    const release = takeLock(join(folder, 'lock'))
    if (release === undefined) continue
    try {
      const recovered = recoverChain(folder, name, key)
      if (recovered !== undefined) return { ...recovered, folder, damaged, release }
    } catch (cause) {
      release()
      throw cause
    }
    damaged.push(name)
    release()
  }
  if (chain !== undefined) throw new Error(`The chain ${chain} is damaged, or another process writes it.`)
  return { ...begin(directory, takeLock, clock), damaged }
}

function begin(directory: string, takeLock: TakeLock, clock: () => number): Omit<OpenedChain, 'damaged'> {
  const moment = isoTime(clock()).replace(/[-:.]/g, '')
  const name = `${moment}-${randomBytes(4).toString('hex')}`
  const folder = join(directory, name)
  mkdirSync(folder, { mode: 0o700 })
  syncFolder(directory)
  const release = takeLock(join(folder, 'lock'))
  if (release === undefined) throw new Error(`The new chain ${name} was taken by another process.`)
  return { state: newChainState(name), segment: undefined, tornBytes: 0, folder, release }
}

/** Makes what was made in a folder last. Windows has no such thing. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
