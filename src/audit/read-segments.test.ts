import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { filesOfTrail } from '../../test/fixtures/audit.ts'
import { takeLock } from '../storage/sqlite/take-lock.ts'
import { toEntry } from './audit-trail.ts'
import { createChainAuditTrail } from './chain-audit-trail.ts'
import { type ChainLine, listChains, readSegments } from './read-segments.ts'
import { openSigningKey } from './signing-key.ts'

let folder = ''
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-read-'))
  const trail = createChainAuditTrail({
    directory: join(folder, 'audit'),
    checkpoints: join(folder, 'checkpoints'),
    mode: 'strict',
    segmentBytes: 1_000,
    takeLock,
    openSigner: () => openSigningKey(folder),
  })
  for (let count = 1; count <= 20; count += 1) {
    const time = '2026-11-22T00:00:00.000Z'
    await trail.record(toEntry({ time, event: 'auth.refused', reason: 'r', address: 'a', count }))
  }
  await trail.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

async function read(mode: 'strict' | 'tolerant'): Promise<{ counts: number[]; skipped: ChainLine[] }> {
  const counts: number[] = []
  const skipped: ChainLine[] = []
  for (const chain of await listChains(join(folder, 'audit'))) {
    for await (const { record } of readSegments(chain, { mode, onSkipped: (line) => skipped.push(line) })) {
      if (record.event === 'auth.refused') counts.push(record.count)
    }
  }
  return { counts, skipped }
}

const all = Array.from({ length: 20 }, (_, at) => at + 1)

it('a chain is read in order, over all of its segments', async () => {
  expect(filesOfTrail(join(folder, 'audit')).length).toBeGreaterThan(2)
  expect(await read('strict')).toEqual({ counts: all, skipped: [] })
})

it('a line that is being written is no record, and no mistake', async () => {
  appendFileSync(filesOfTrail(join(folder, 'audit')).at(-1) ?? '', '{"v":1,"seq":9')
  expect((await read('strict')).counts).toEqual(all)
})

it('a line that is no record is skipped and told, or ends it where that is asked for', async () => {
  const [file = ''] = filesOfTrail(join(folder, 'audit'))
  writeFileSync(file, `not a record\n${readFileSync(file, 'utf8')}`)
  const { counts, skipped } = await read('tolerant')
  expect(counts).toEqual(all)
  expect(skipped).toMatchObject([{ number: 1, offset: 0 }])
  await expect(read('strict')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})
