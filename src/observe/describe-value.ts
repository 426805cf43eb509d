import { isUserError, ToolgateError } from '../errors.ts'
import { isSecretName } from '../sanitize/assignments.ts'
import { MASK, maskSecrets } from '../sanitize/mask-secrets.ts'

/** A value as it may be logged. */
export type Described = string | number | boolean | null | readonly Described[] | { readonly [name: string]: Described }

const MAX_TEXT = 8_192
const MAX_SECRET = 1_024
const MAX_DEPTH = 5
const MAX_PARTS = 200
const UNREADABLE = '[unreadable]'

/**
 * Any value as plain data without the secrets in it: bounded in depth, number of parts and length, whatever it is. Errors
 * keep type, message, code and cause, and their stack when they were not meant. Never throws.
 */
export function describeValue(value: unknown): Described {
  return new Description().of(value, 0)
}

/** Text that is fit for the log: without secrets, and not longer than anybody reads. */
export function describeText(text: string): string {
  if (text.length <= MAX_TEXT) return maskSecrets(text)
  // Masked before it is cut: half a secret looks like none.
  const masked = maskSecrets(text.slice(0, MAX_TEXT + MAX_SECRET)).slice(0, MAX_TEXT)
  return `${masked}… (${text.length - MAX_TEXT} characters more)`
}

/** Counts the parts of one value, so that a wide one ends as a deep one does. */
class Description {
  #parts = 0

  of(value: unknown, depth: number): Described {
    try {
      return this.#describe(value, depth)
    } catch {
      // A getter or a proxy that throws when it is looked at.
      return UNREADABLE
    }
  }

  #describe(value: unknown, depth: number): Described {
    this.#parts += 1
    if (typeof value === 'string') return describeText(value)
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
    if (typeof value !== 'object') return describeText(String(value))
    if (depth >= MAX_DEPTH || this.#parts > MAX_PARTS) return '[more]'
    if (value instanceof Error) return this.#error(value, depth)
    if (value instanceof Date) return String(value.toJSON())
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
    if (Array.isArray(value)) return this.#list(value, depth)
    return this.#record(value as Record<string, unknown>, depth)
  }

  #list(values: readonly unknown[], depth: number): Described {
    const described: Described[] = []
    for (const value of values) {
      if (this.#parts > MAX_PARTS) return [...described, '[more]']
      described.push(this.of(value, depth + 1))
    }
    return described
  }

  #record(record: Readonly<Record<string, unknown>>, depth: number): Described {
    const described: [string, Described][] = []
    for (const name of Object.keys(record)) {
      if (this.#parts > MAX_PARTS) {
        described.push(['…', '[more]'])
        break
      }
      described.push([describeText(name), isSecretName(name) ? MASK : this.of(read(record, name), depth + 1)])
    }
    // Not by assignment, which would take `__proto__` for something else than a name.
    return Object.fromEntries(described)
  }

  #error(error: Error, depth: number): Described {
    const isMeant = error instanceof ToolgateError || isUserError(error)
    const described: Record<string, Described> = { type: this.of(read(error.constructor, 'name'), depth + 1) }
    for (const name of ['message', 'code', 'hint', ...(isMeant ? [] : ['stack']), 'cause', 'errors']) {
      const value = read(error, name)
      if (value !== undefined) described[name] = this.of(value, depth + 1)
    }
    return described
  }
}

/** A property that throws when it is looked at spoils itself and not its neighbours. */
function read(owner: object, name: string): unknown {
  try {
    return (owner as Record<string, unknown>)[name]
  } catch {
    return UNREADABLE
  }
}
