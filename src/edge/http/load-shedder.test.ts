import { describe, expect, it } from 'vitest'
import type { Observation } from '../../observe/observation.ts'
import { LoadShedder, type Place } from './load-shedder.ts'

/** A shedder whose event loop comes round when the test says so. */
function start(enabled = true) {
  const observed: Observation[] = []
  let now = 0
  let idle = 0
  const shedder = new LoadShedder({
    options: { enabled, maxDelayMs: 50, windowMs: 200 },
    observe: (observation) => observed.push(observation),
    now: () => now,
    idle: () => idle,
  })
  /** One turn of the loop; it has time to spare in those that are on time. */
  const turn = (lateMs: number, times = 1): void => {
    for (let time = 0; time < times; time += 1) {
      now += 10 + lateMs
      if (lateMs === 0) idle += 8
      shedder.look()
    }
  }
  const enter = (principal: string, count = 1): Place[] =>
    Array.from({ length: count }, () => shedder.enter(principal)).filter((place) => place !== undefined)
  return { shedder, observed, turn, enter }
}

/** Forty calls of one principal, and an event loop that falls behind. */
function startOverloaded() {
  const test = start()
  const places = test.enter('ann', 40)
  test.turn(60, 5)
  return { ...test, places }
}

describe('an event loop that falls behind', () => {
  it('is an overload when every look is late, which is told once', () => {
    const { shedder, observed, turn, places } = startOverloaded()
    expect(shedder.isOverloaded).toBe(true)
    expect(shedder.limit).toBe(20)
    turn(60, 20)
    expect(places).toHaveLength(40)
    expect(observed.map(({ type }) => type)).toEqual(['overload.began'])
  })

  it('is none after one long pause, nor where some looks are on time', () => {
    const { shedder, enter, turn } = start()
    enter('ann', 40)
    turn(5_000)
    turn(0, 4)
    for (let time = 0; time < 50; time += 1) {
      turn(200, 4)
      turn(0)
    }
    expect(shedder.isOverloaded).toBe(false)
    expect(enter('ann', 1_000)).toHaveLength(1_000)
  })

  it('is none before it has lasted as long as it must', () => {
    const { shedder, enter, turn } = start()
    enter('ann', 40)
    turn(0.1, 19)
    expect(shedder.isOverloaded).toBe(false)
    turn(0.1)
    expect(shedder.isOverloaded).toBe(true)
  })

  it('is none where calls do not wait for it, although it has no time to spare', () => {
    const { shedder, enter, turn } = start()
    for (let time = 0; time < 200; time += 1) {
      for (const place of enter('ann', 40)) place.leave()
      const [first] = enter('ann')
      turn(0.1)
      first?.leave()
    }
    expect(shedder.isOverloaded).toBe(false)
  })

  it('lets a few calls in however late it is', () => {
    const { turn, enter, places } = startOverloaded()
    turn(1_000, 500)
    for (const place of places) place.leave()
    expect(enter('ann', 40)).toHaveLength(4)
  })

  it('is nobody’s concern where that is switched off', () => {
    const { shedder, enter, turn } = start(false)
    enter('ann', 40)
    turn(1_000, 500)
    // Its own timer does not run; looks made by hand say what it would have found.
    expect(shedder.refusals).toBe(0)
  })
})

describe('while it lasts', () => {
  it('whoever is beyond the limit is refused and counted; a place that is given back is free again', () => {
    const { shedder, enter, places, observed } = startOverloaded()
    expect(enter('ann', 3)).toHaveLength(0)
    expect(shedder.refusals).toBe(3)
    for (const place of places.slice(0, 21)) {
      place.leave()
      place.leave()
    }
    expect(enter('ann', 3)).toHaveLength(1)
    expect(observed).toHaveLength(1)
  })

  it('one who floods does not push out others, and others do not make the limit void', () => {
    const { enter, places } = startOverloaded()
    for (const place of places.slice(0, 20)) place.leave()
    expect(enter('bob', 30)).toHaveLength(10)
    expect(enter('ann', 30)).toHaveLength(0)
    const strangers = Array.from({ length: 100 }, (_, index) => enter(`eve${index}`)).flat()
    expect(strangers).toHaveLength(10)
  })

  it('fewer are let in while looks are late, and more when they are not', () => {
    const { shedder, turn } = startOverloaded()
    turn(60, 5)
    expect(shedder.limit).toBe(16)
    turn(0, 5)
    expect(shedder.limit).toBe(17)
  })

  it('it ends when nobody is refused any more, which is told with what it cost', () => {
    const { shedder, observed, turn, enter, places } = startOverloaded()
    enter('ann', 7)
    turn(0, 5)
    for (const place of places) place.leave()
    turn(0, 50)
    expect(shedder.isOverloaded).toBe(false)
    expect(shedder.limit).toBe(Number.POSITIVE_INFINITY)
    expect(observed.at(-1)).toMatchObject({ type: 'overload.ended', details: { refused: 7, durationMs: 550 } })
    expect(observed).toHaveLength(2)
  })

  it('it goes on as long as somebody is refused', () => {
    const { shedder, turn, enter } = startOverloaded()
    for (let time = 0; time < 5; time += 1) {
      turn(0, 5)
      enter('ann', 1_000)
    }
    expect(shedder.isOverloaded).toBe(true)
  })
})
