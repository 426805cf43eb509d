import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Place, RawCheck } from './check.ts'
import { placesOf } from './check.ts'
import { CHAPTERS } from './checks.ts'
import { DIFFERENCES } from './differences.ts'
import { type RawServer, startRawServer } from './raw-server.ts'
import { type StdioClient, startStdioClient } from './stdio-client.ts'
import { VERDICTS_FILE, type Verdict, type Verdicts } from './verdicts.ts'

let server: RawServer
let client: StdioClient
const verdicts: Record<string, Partial<Record<Place, Verdict>>> = {}

beforeAll(async () => {
  server = await startRawServer()
  client = startStdioClient()
  await client.modern('server/discover')
})
afterAll(async () => {
  await server.close()
  expect(await client.end()).toEqual({ code: 0, signal: null })
})

for (const { title, checks } of CHAPTERS) {
  describe(title, () => {
    for (const check of checks) {
      for (const place of placesOf(check)) {
        it(`${check.requirement} [${check.id}, ${place}]`, async () => {
          const failure = await tryCheck(check, place)
          const verdict: Verdict =
            failure === undefined ? 'holds' : check.deviation === undefined ? 'fails' : 'deviates'
          verdicts[check.id] = { ...verdicts[check.id], [place]: verdict }
          if (check.deviation === undefined && failure !== undefined) throw failure.thrown
          if (check.deviation !== undefined) expect(failure, 'a known deviation that is none any more').toBeDefined()
        })
      }
    }
  })
}

describe('the raw suite', () => {
  it('has an id for every check, and no id twice', () => {
    const ids = CHAPTERS.flatMap(({ checks }) => checks.map(({ id }) => id))
    expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([])
    for (const { check } of DIFFERENCES) if (check !== undefined) expect(ids).toContain(check)
  })

  it('comes to the verdicts that docs/reference/conformance.md is made from (vitest -u writes them)', async () => {
    const sorted: Verdicts = Object.fromEntries(Object.entries(verdicts).sort(([a], [b]) => (a < b ? -1 : 1)))
    await expect(`${JSON.stringify(sorted, undefined, 2)}\n`).toMatchFileSnapshot(VERDICTS_FILE)
  })
})

async function tryCheck({ tests }: RawCheck, place: Place): Promise<{ thrown: unknown } | undefined> {
  try {
    if (place === 'http') await tests.http?.(server)
    else if (place === 'stdio') await tests.stdio?.(client)
    else await tests.definition?.()
    return undefined
  } catch (thrown) {
    return { thrown }
  }
}
