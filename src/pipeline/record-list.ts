import { createHash } from 'node:crypto'
import type { ListServed } from '../audit/audit-record.ts'
import { toEntry } from '../audit/audit-trail.ts'
import type { Principal } from '../identity/principal.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Guards } from './guards.ts'

/** A list as it is shown to somebody, all pages of it. */
export interface ShownList {
  /** The JSON-RPC method. */
  readonly method: string
  readonly names: readonly string[]
}

/** After this the names are written out again. */
const NAMES_MS = 3_600_000
const MAX_REMEMBERED = 1_000

/** Records what a principal was shown. Nothing waits for it: a list has no effect. */
export function recordList(guards: Guards, principal: Principal, { method, names }: ShownList): void {
  const { plan, audit, policy } = guards
  const now = guards.clock()
  const subject = plan.subjects.of(principal)
  const digest = digestOf(names)
  const shownAt = plan.shown.get(digest)
  const isKnown = shownAt !== undefined && now - shownAt < NAMES_MS
  if (!isKnown) {
    if (plan.shown.size >= MAX_REMEMBERED) plan.shown.clear()
    plan.shown.set(digest, now)
  }
  const event: ListServed = {
    time: isoTime(now),
    event: 'list.served',
    subject: subject.subject,
    method,
    count: names.length,
    digest,
    ...(isKnown ? {} : { names }),
    policy: policy.hash,
  }
  audit.append(toEntry(event, subject))
}

function digestOf(names: readonly string[]): string {
  const sum = createHash('sha256')
  for (const name of names) sum.update(`${name}\n`)
  return sum.digest('base64url')
}
