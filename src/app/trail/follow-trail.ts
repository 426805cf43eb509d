import { basename } from 'node:path'
import { type ChainPosition, readAfter, type TrailLine } from '../../audit/read-after.ts'
import { listChains } from '../../audit/read-segments.ts'

/** Where each chain of a trail was read to. */
export type TrailPositions = Map<string, ChainPosition>

/** The records that came to any chain since the positions were what they are; moves them on. */
export async function* readNew(directory: string, positions: TrailPositions): AsyncGenerator<readonly TrailLine[]> {
  for (const folder of await listChains(directory)) {
    for (;;) {
      const { lines, next, isEnd } = await readAfter(folder, positions.get(basename(folder)))
      if (next !== undefined) positions.set(basename(folder), next)
      if (isEnd) break
      if (lines.length > 0) yield lines
    }
  }
}

/** The last records of a trail in the order of their times, and the positions behind them. */
export async function readLast(
  directory: string,
  count: number,
): Promise<{ readonly lines: readonly TrailLine[]; readonly positions: TrailPositions }> {
  const positions: TrailPositions = new Map()
  let last: TrailLine[] = []
  for await (const lines of readNew(directory, positions)) {
    last = [...last, ...lines].sort(byTime).slice(-count)
  }
  return { lines: count < 1 ? [] : last, positions }
}

function byTime(one: TrailLine, other: TrailLine): number {
  return one.record.time < other.record.time ? -1 : Number(one.record.time > other.record.time)
}
