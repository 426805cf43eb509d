import { expect, it } from 'vitest'
import { combineObservers } from './combine-observers.ts'
import type { Observation } from './observation.ts'

const stopped: Observation = { type: 'server.stopped', message: 'bye' }

it('every observer hears everything', () => {
  const heard: string[] = []
  combineObservers([() => heard.push('a'), () => heard.push('b')])(stopped)
  expect(heard).toEqual(['a', 'b'])
})

it('an observer that throws keeps none from hearing, and is told of', () => {
  const seen: Observation[] = []
  const cause = new Error('broken')
  const broken = (): never => {
    throw cause
  }
  combineObservers([broken, (observation) => seen.push(observation), broken])(stopped)
  expect(seen.filter(({ type }) => type === 'server.stopped')).toEqual([stopped])
  expect(seen).toContainEqual({ type: 'fault', message: 'An observer failed.', cause })
})
