import { describe, expect, it } from 'vitest'
import type { Observation } from '../../observe/observation.ts'
import { LoadShedder, type Place } from './load-shedder.ts'

/** A shedder whose event loop comes round when the test says so. */
function start(enabled = true) {
  const observed: Observation[] = []
  let now = 0
  let idle = 0
  const shedder = new LoadShedder({
    options: { enabled, maxDelayMs: 100, windowMs: 200 },
    observe: (observation) => observed.push(observation),
    now: () => now,
    idle: () => idle,
  })
  /** A look after 50 ms, in which the loop was busy for a share of the time and some calls ended. */
  const look = (busy: number, ended: readonly Place[] = []): void => {
    now += 50
    idle += 50 * (1 - busy)
    for (const place of ended) place.leave()
    shedder.look()
  }
  const enter = (principal: string, count = 1): Place[] =>
    Array.from({ length: count }, () => shedder.enter(principal)).filter((place) => place !== undefined)
  return { shedder, observed, look, enter }
}

/** A hundred calls in flight, of which ten end in 50 ms: each takes half a second. */
function fallBehind({ look, enter }: ReturnType<typeof start>, looks: number): readonly Place[] {
  const places = enter('ann', 100)
  for (let time = 0; time < looks; time += 1) {
    look(1, places.splice(0, 10))
    if (time < looks - 1) places.push(...enter('ann', 10))
  }
  return places
}

function startOverloaded() {
  const test = start()
  const places = [...fallBehind(test, 4)]
  return { ...test, places }
}

describe('an event loop that falls behind', () => {
  it('is an overload when it has had no time to spare for a while, which is told once', () => {
    const { shedder, observed, look, places } = startOverloaded()
    expect(shedder.isOverloaded).toBe(true)
    // Ninety are in flight, and took about 500 ms each: fewer than two would take a tenth of 100 ms.
    expect(shedder.limit).toBe(4)
    for (const place of places.slice(0, 20)) look(1, [place])
    expect(observed.map(({ type }) => type)).toEqual(['overload.began'])
  })

  it('is none before it has lasted as long as it must', () => {
    const test = start()
    fallBehind(test, 3)
    expect(test.shedder.isOverloaded).toBe(false)
  })

  it('is none after a pause in which nothing ended', () => {
    const { shedder, look, enter } = start()
    const places = enter('ann', 40)
    for (let time = 0; time < 30; time += 1) look(1)
    look(0.2, places)
    expect(shedder.isOverloaded).toBe(false)
  })

  it('is none where calls take long for another reason', () => {
    const { shedder, look, enter } = start()
    for (let time = 0; time < 100; time += 1) {
      const places = enter('ann', 100)
      look(0.5)
      look(0.5)
      look(0.5, places)
    }
    expect(shedder.isOverloaded).toBe(false)
  })

  it('is none where calls are soon answered, although it has no time to spare', () => {
    const { shedder, look, enter } = start()
    for (let time = 0; time < 100; time += 1) look(1, enter('ann', 20))
    expect(shedder.isOverloaded).toBe(false)
    expect(enter('ann', 1_000)).toHaveLength(1_000)
  })

  it('lets a few calls in however late it is', () => {
    const { look, enter, places } = startOverloaded()
    for (let time = 0; time < 50; time += 1) look(1, places.splice(0, 1))
    for (const place of places) place.leave()
    expect(enter('ann', 40)).toHaveLength(4)
  })

  it('refuses nobody where that is switched off', () => {
    const test = start(false)
    test.enter('ann', 40)
    expect(test.enter('ann', 1_000)).toHaveLength(1_000)
    expect(test.shedder.refusals).toBe(0)
  })
})

describe('while it lasts', () => {
  it('whoever is beyond the limit is refused and counted; a place that is given back is free again', () => {
    const { shedder, enter, places, observed } = startOverloaded()
    expect(enter('ann', 3)).toHaveLength(0)
    expect(shedder.refusals).toBe(3)
    for (const place of places.slice(0, 87)) {
      place.leave()
      place.leave()
    }
    expect(enter('ann', 3)).toHaveLength(1)
    expect(observed).toHaveLength(1)
  })

  it('one who floods does not push out others, and others do not make the limit void', () => {
    const { enter, places, shedder } = startOverloaded()
    for (const place of places.slice(0, 86)) place.leave()
    expect(shedder.limit).toBe(4)
    expect(enter('bob', 30)).toHaveLength(2)
    expect(enter('ann', 30)).toHaveLength(0)
    const strangers = Array.from({ length: 100 }, (_, index) => enter(`eve${index}`)).flat()
    expect(strangers).toHaveLength(2)
  })

  it('more are let in while the loop has time to spare, and fewer when it has none', () => {
    const { shedder, look, enter, places } = startOverloaded()
    for (const place of places) place.leave()
    for (let time = 0; time < 20; time += 1) {
      enter('ann', 100)
      look(0.3)
    }
    expect(shedder.limit).toBeGreaterThan(20)
    const before = shedder.limit
    const held = enter('bob', 1)
    look(1, held)
    expect(shedder.limit).toBeLessThan(before)
  })

  it('it ends when nobody is refused any more, which is told with what it cost', () => {
    const { shedder, observed, look, enter, places } = startOverloaded()
    enter('ann', 7)
    look(0.2, places)
    for (let time = 0; time < 10; time += 1) look(0.2)
    expect(shedder.isOverloaded).toBe(false)
    expect(shedder.limit).toBe(Number.POSITIVE_INFINITY)
    expect(observed.at(-1)).toMatchObject({ type: 'overload.ended', details: { refused: 7, durationMs: 550 } })
    expect(observed).toHaveLength(2)
  })

  it('it goes on as long as somebody is refused', () => {
    const { shedder, look, enter } = startOverloaded()
    for (let time = 0; time < 30; time += 1) {
      enter('ann', 1_000)
      look(0.2)
    }
    expect(shedder.isOverloaded).toBe(true)
  })
})
