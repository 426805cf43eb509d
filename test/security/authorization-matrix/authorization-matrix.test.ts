import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exists, KINDS, STATES } from './cells.ts'
import type { Credential } from './credentials.ts'
import { openWorld, type World } from './open-world.ts'
import { isLetIn } from './oracle.ts'
import { countLeftOut, describeMismatches, type Outcome, type Place, runCells, settle } from './run-cells.ts'
import { compareHidden } from './same-answer.ts'

let world: World
let outcome: Outcome
let seconds: number
const places = new Map<string, Place>()

/** Whoever is not let in tries with what was handed to its good twin. */
function placeOf({ kind, state }: Credential): Place {
  const own = places.get(`${kind} ${state}`) ?? places.get(`${kind} good`) ?? places.get('key good')
  if (own === undefined) throw new Error(`no place for ${kind} ${state}`)
  return own
}

beforeAll(async () => {
  world = await openWorld()
  const { wire, credentials } = world
  const startedAt = performance.now()
  const live = credentials.filter(({ state }) => isLetIn(state))
  const settled = await Promise.all(live.map(async (one) => ({ one, place: await settle(wire, one) })))
  for (const { one, place } of settled) {
    const foreign = settled.find(({ one: { id } }) => id !== one.id)
    const handles = { ownTask: place.task, foreignTask: foreign?.place.task ?? '' }
    places.set(`${one.kind} ${one.state}`, { sessions: place.sessions, handles })
  }
  outcome = await runCells(wire, credentials, placeOf)
  seconds = (performance.now() - startedAt) / 1000
}, 180_000)

afterAll(() => world?.close())

describe('the authorization matrix', () => {
  it('has a credential of every kind in every state that there is', () => {
    const wanted = KINDS.flatMap((kind) =>
      STATES.filter((state) => exists(kind, state)).map((state) => `${kind} ${state}`),
    )
    expect(world.credentials.map(({ kind, state }) => `${kind} ${state}`).sort()).toEqual(wanted.sort())
  })

  it('is answered cell by cell as the oracle has it', () => {
    const { cells, mismatches } = outcome
    const leftOut = countLeftOut()
    const figures = `${cells} cells, ${leftOut} left out, ${mismatches.length} mismatches, ${seconds.toFixed(1)} s`
    process.stdout.write(`matrix: ${figures}\n`)
    expect(describeMismatches(mismatches)).toEqual([])
    expect(cells).toBeGreaterThan(5_000)
  })

  it('answers what is hidden as it answers what does not exist', () => {
    const { compared, differences } = compareHidden(world.credentials, outcome.answers)
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(500)
  })

  it('has told nobody a credential, in answers, log or trail', async () => {
    const sent = await Promise.all(world.credentials.map((one) => one.headers({ method: 'POST', path: '/mcp' })))
    const secrets = sent.flatMap(({ authorization }) => authorization?.split(' ')[1]?.slice(-40) ?? [])
    expect(secrets.length).toBeGreaterThan(30)
    const { log, directory } = world.server
    const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
    const kept = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    const told = [...log, ...kept, ...[...outcome.answers.values()].map(({ text }) => text)].join('\n')
    expect(told).toContain('write_note')
    expect(secrets.filter((secret) => told.includes(secret))).toEqual([])
  })

  it('has run what was permitted, once for each, and nothing else', () => {
    expect(Object.fromEntries(world.server.runs)).toEqual(Object.fromEntries(outcome.runs))
    expect(outcome.runs.size).toBeGreaterThan(50)
  })
})
