/** A value as the evaluator takes it: text, numbers as doubles, lists, and maps without a prototype. */
export type CelData = string | number | bigint | boolean | null | CelData[] | Map<string, CelData>

/** Arguments for the evaluator, and how much there is to go through. */
export interface Measured {
  readonly value: CelData
  /** Values in it and characters of its texts. */
  readonly size: number
}

const MAX_DEPTH = 100

/**
 * What a handler gets, for the evaluator. Members that are `undefined` are left out and dates are their ISO 8601 text. Throws for what
 * no JSON could be: a rule must see all of what it decides on.
 */
export function toCelData(given: unknown): Measured {
  let size = 0
  const convert = (value: unknown, depth: number): CelData => {
    size += 1
    if (depth > MAX_DEPTH) throw new Error('nested too deeply')
    switch (typeof value) {
      case 'string':
        size += value.length
        return value
      case 'number':
      case 'bigint':
      case 'boolean':
        return value
      case 'object':
        return convertObject(value, depth)
      default:
        throw new Error(`a ${typeof value} is among the arguments`)
    }
  }
  const convertObject = (value: object | null, depth: number): CelData => {
    if (value === null) return null
    if (Array.isArray(value)) return value.map((item) => convert(item ?? null, depth + 1))
    if (value instanceof Date) return value.toISOString()
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== null && prototype !== Object.prototype)
      throw new Error('an object of a class is among the arguments')
    const map = new Map<string, CelData>()
    for (const [name, member] of Object.entries(value)) {
      size += name.length
      if (member !== undefined) map.set(name, convert(member, depth + 1))
    }
    return map
  }
  const value = convert(given ?? {}, 0)
  return { value, size }
}
