import { existsSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { isDamaged, openAuditIndex } from '../../storage/sqlite/audit-index.ts'
import { indexFileOf } from './search-trail.ts'

const PIECE = 100

/** Takes what is gone out of the index, in pieces: calls go on in between. An index that is damaged is made anew by who searches. */
export async function forgetSegments(directory: string, chain: string, segments: readonly string[]): Promise<void> {
  const file = indexFileOf(directory)
  if (segments.length === 0 || !existsSync(file)) return
  try {
    const index = openAuditIndex({ file })
    try {
      for (const segment of segments) while (index.forget(chain, segment, PIECE)) await setImmediate()
    } finally {
      index.close()
    }
  } catch (thrown) {
    if (!isDamaged(thrown)) throw thrown
  }
}
