import type { Config } from './config.ts'
import { valueAt } from './config-path.ts'
import type { Origin } from './take-values.ts'

/**
 * Variables of the environment behind the values of a record, by the object that holds the value and its option. Kept
 * beside the record, so that a copy of it with another port still shares the parts that know.
 */
const known = new WeakMap<object, ReadonlyMap<string | number, readonly string[]>>()

/** Remembers which values of the record came from the environment. */
export function rememberOrigins(config: Config, origins: ReadonlyMap<string, Origin>): void {
  for (const { path, variables } of origins.values()) {
    const holder = valueAt(config, path.slice(0, -1))
    const option = path.at(-1)
    if (typeof holder !== 'object' || holder === null || option === undefined) continue
    known.set(holder, new Map(known.get(holder)).set(option, variables))
  }
}

/** The variables that the value of the option came from; none when it was written out. */
export function originOf(holder: object, option: string | number): readonly string[] {
  return known.get(holder)?.get(option) ?? []
}
