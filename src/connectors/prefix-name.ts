import type { Definition } from '../capabilities/definition.ts'

/** The definition with `prefix` before its name. Resources keep theirs: they are addressed by URI. */
export function prefixName(definition: Definition, prefix: string): Definition {
  if (prefix === '' || (definition.kind !== 'tool' && definition.kind !== 'prompt')) return definition
  const properties = Object.getOwnPropertyDescriptors(definition) as PropertyDescriptorMap
  properties.name = { value: `${prefix}${definition.name}`, enumerable: true }
  return Object.freeze(Object.create(Object.getPrototypeOf(definition), properties)) as Definition
}
