import type { RawAnswer, Wire } from '../fixtures/http-client.ts'

/** One leaf in which the answers of the two servers differ. */
export interface Difference {
  readonly era: 'modern' | 'legacy'
  readonly request: string
  /** Where, for example `messages.0.error.code`. */
  readonly path: string
  readonly toolgate: unknown
  readonly official: unknown
}

/** What of an answer is compared: status, kind of body and every message of it. */
export function comparable(answer: RawAnswer): object {
  const { status, headers, json, messages, text } = answer
  const type = text === '' ? 'none' : String(headers['content-type']).split(';')[0]
  return { status, type, messages: (messages.length > 0 ? messages : text === '' ? [] : [json]).map(normalise) }
}

const LISTS: ReadonlySet<string> = new Set(['tools', 'resources', 'resourceTemplates', 'prompts'])

/** Ids of calls and sealed state are random, and each server has an order of its own for its lists. */
function normalise(value: Wire): Wire {
  if (Array.isArray(value)) return value.map(normalise)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, child]) => {
    const isRandom = key === 'callId' || key === 'requestState' || key === 'nextCursor'
    if (LISTS.has(key) && Array.isArray(child)) return [key, byName(child.map(normalise))] as const
    return [key, isRandom ? `<${key}>` : normalise(child)] as const
  })
  return Object.fromEntries(entries)
}

function byName(items: Wire[]): Record<string, Wire> {
  return Object.fromEntries(items.map((item) => [item.name, item]))
}

/** Every path at which two values differ, with what stands there. What one side lacks is `undefined`. */
export function differences(toolgate: unknown, official: unknown, path = ''): Omit<Difference, 'era' | 'request'>[] {
  if (isBranch(toolgate) && isBranch(official) && Array.isArray(toolgate) === Array.isArray(official)) {
    const keys = [...new Set([...Object.keys(toolgate), ...Object.keys(official)])]
    return keys.flatMap((key) => differences(toolgate[key], official[key], path === '' ? key : `${path}.${key}`))
  }
  return JSON.stringify(toolgate) === JSON.stringify(official) ? [] : [{ path, toolgate, official }]
}

/** A list of plain values is compared as a whole. */
function isBranch(value: unknown): value is Record<string, unknown> {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object')
  return typeof value === 'object' && value !== null
}
