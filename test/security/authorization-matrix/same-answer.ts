import { isDeepStrictEqual } from 'node:util'
import { LIVE_STATES, nameOfCell, type Operation, type State, VERSIONS } from './cells.ts'
import type { Credential } from './credentials.ts'
import type { Answer } from './wire.ts'

interface Pair {
  readonly hidden: Operation
  readonly unknown: Operation
  /** Whom it is hidden from. */
  readonly from: readonly State[]
}

const ACME: readonly State[] = ['good', 'under-scoped']
const GLOBEX: readonly State[] = ['other-tenant']

/** What must be answered alike, byte for byte but for what the caller itself has named. */
const PAIRS: readonly Pair[] = [
  { hidden: 'call hidden', unknown: 'call unknown', from: LIVE_STATES },
  { hidden: 'call admin', unknown: 'call unknown', from: GLOBEX },
  { hidden: 'read foreign', unknown: 'read unknown', from: ACME },
  { hidden: 'read own', unknown: 'read unknown', from: GLOBEX },
  { hidden: 'read locked', unknown: 'read unknown', from: GLOBEX },
  { hidden: 'prompt get hidden', unknown: 'prompt get unknown', from: LIVE_STATES },
  { hidden: 'complete hidden', unknown: 'complete unknown', from: LIVE_STATES },
  { hidden: 'task get foreign', unknown: 'task get unknown', from: LIVE_STATES },
  { hidden: 'task cancel foreign', unknown: 'task get unknown', from: LIVE_STATES },
]

/** Where what is hidden is told apart from what does not exist, one line each; and how many pairs were compared. */
export function compareHidden(
  credentials: readonly Credential[],
  answers: ReadonlyMap<string, Answer>,
): { readonly compared: number; readonly differences: readonly string[] } {
  const differences: string[] = []
  let compared = 0
  for (const { kind, state } of credentials) {
    for (const { hidden, unknown } of PAIRS.filter(({ from }) => from.includes(state))) {
      for (const version of VERSIONS) {
        const cell = { kind, state, operation: hidden, version }
        const one = answers.get(nameOfCell(cell))
        const other = answers.get(nameOfCell({ ...cell, operation: unknown }))
        compared += 1
        if (one !== undefined && other !== undefined && isDeepStrictEqual(plain(one), plain(other))) continue
        differences.push(`${nameOfCell(cell)}: ${one?.text} is not ${other?.text}`)
      }
    }
  }
  return { compared, differences }
}

const NAMED = /(hidden|admin|ghostly)_note|note:\/\/(acme|globex|ghost)\/\w+|\b(plans|ghost)\b/g

/** Without the ids of request and call, the time, and the name that was asked for. */
function plain({ status, headers, text }: Answer): object {
  const { date: _, 'content-length': __, ...others } = headers
  const body = text.replace(/"(callId|id)":("[^"]*"|\d+)/g, '"$1":0').replace(NAMED, 'NAME')
  return { status, headers: others, body }
}
