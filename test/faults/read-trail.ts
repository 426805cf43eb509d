import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Ids of the calls that a trail and the world know of. */
export interface CallIds {
  readonly decided: ReadonlySet<string>
  readonly completed: ReadonlySet<string>
  readonly effects: ReadonlySet<string>
}

/** Reads the records of all chains below the folder, without any code of the product. */
export function readCallIds(trail: string, effects: string): CallIds {
  const decided = new Set<string>()
  const completed = new Set<string>()
  for (const name of readdirSync(trail, { recursive: true }).map(String)) {
    if (!name.endsWith('.jsonl')) continue
    for (const line of readFileSync(join(trail, name), 'utf8').split('\n')) {
      const [, event] = /"event":"call\.(decided|completed)"/.exec(line) ?? []
      if (event === undefined) continue
      const { callId } = JSON.parse(line) as { callId: string }
      if (event === 'decided') decided.add(callId)
      else completed.add(callId)
    }
  }
  const done = existsSync(effects) ? readFileSync(effects, 'utf8').split('\n').filter(Boolean) : []
  return { decided, completed, effects: new Set(done) }
}

/** How many of the ids the trail does not know. */
export function countMissing(ids: Iterable<string>, known: ReadonlySet<string>): number {
  let missing = 0
  for (const id of ids) if (!known.has(id)) missing += 1
  return missing
}
