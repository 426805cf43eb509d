import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ChainPosition } from '../read-after.ts'

/** Up to where a sink has each chain, by name of the chain. */
export type SinkPositions = ReadonlyMap<string, ChainPosition>

/** Reads where a sink stands. A file that is not there, or cannot be understood, means the beginning: twice is better than never. */
export async function readCursor(file: string): Promise<SinkPositions> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    const { chains } = value as { chains?: Readonly<Record<string, Partial<ChainPosition>>> }
    const positions = new Map<string, ChainPosition>()
    for (const [chain, { segment, offset }] of Object.entries(chains ?? {})) {
      if (typeof segment === 'string' && Number.isSafeInteger(offset))
        positions.set(chain, { segment, offset: Number(offset) })
    }
    return positions
  } catch {
    return new Map()
  }
}

/** Puts the file in place in one step, so that a crash leaves the old one or the new one. */
export async function writeCursor(file: string, positions: SinkPositions): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const next = `${file}.next`
  await writeFile(next, `${JSON.stringify({ v: 1, chains: Object.fromEntries(positions) })}\n`, { mode: 0o600 })
  await rename(next, file)
}
