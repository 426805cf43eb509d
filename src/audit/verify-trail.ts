import { basename } from 'node:path'
import { listChains } from './read-segments.ts'
import { originOf } from './record-chain.ts'
import { openNote, parseCheckpointText } from './signed-note.ts'
import { type ChainReport, type Finding, type VerifyOptions, verifyChain } from './verify-chain.ts'

/** What was found in all chains of a trail. */
export interface TrailReport {
  readonly chains: readonly ChainReport[]
  /** What is wrong beside the chains: whole ones that are gone, notes that the key did not sign. */
  readonly findings: readonly Finding[]
  /** Nothing is wrong anywhere. */
  readonly isSound: boolean
}

const NOTE = /^(?:[^\n]+\n){3}\n(?:— [^\n]+\n)+/gm
const ORIGIN = originOf('')

/** Verifies every chain of a directory, and that each chain that was ever signed is there. */
export async function verifyTrail(directory: string, options: VerifyOptions): Promise<TrailReport> {
  const chains: ChainReport[] = []
  for (const folder of await listChains(directory)) chains.push(await verifySteadily(folder, options))
  const findings = findBesideChains(new Set(chains.map(({ chain }) => chain)), options)
  const isSound = findings.length === 0 && chains.every(({ finding }) => finding === undefined)
  return { chains, findings, isSound }
}

/** A segment that goes while it is read was removed because of its age: what stays says so, and is read anew. */
async function verifySteadily(folder: string, options: VerifyOptions, tries = 3): Promise<ChainReport> {
  try {
    return await verifyChain(folder, options)
  } catch (cause) {
    if (tries <= 1 || (cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
    return verifySteadily(folder, options, tries - 1)
  }
}

/** The notes in a file of checkpoints. */
export function parseNotes(text: string): readonly string[] {
  return text.match(NOTE) ?? []
}

function findBesideChains(present: ReadonlySet<string>, { key, notes }: VerifyOptions): Finding[] {
  const findings = new Map<string, Finding>()
  for (const note of notes) {
    const said = openNote(note, key)
    if (said === undefined) {
      const seq = parseCheckpointText(note)?.size ?? 0
      const message = `A kept checkpoint of ${seq} records is not signed by the key.`
      findings.set('forged', { kind: 'forged-checkpoint', seq, message })
    } else if (said.origin.startsWith(ORIGIN) && !present.has(basename(said.origin))) {
      const chain = said.origin.slice(ORIGIN.length)
      const message = `The chain ${chain} is gone; a checkpoint of it covers ${said.size} records.`
      findings.set(chain, { kind: 'cut-off', seq: 0, message })
    }
  }
  return [...findings.values()]
}
