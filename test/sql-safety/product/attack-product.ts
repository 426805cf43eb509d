import type { Attack, AttackClass } from '../attack.ts'
import { ATTACKS } from '../attacks/all.ts'
import { LEGITIMATE, SINCE } from '../legitimate/all.ts'
import { findForeign, findHidden } from './find-leaks.ts'
import { type Answer, LOGINS, type Login, type ServedToolgate, serveToolgate } from './served-toolgate.ts'
import type { VictimDatabase } from './victim-database.ts'
import { type EffectWatch, watchEffects } from './watch-effects.ts'

/** What became of the attacks of one class by one login. */
export interface Tally {
  attempts: number
  /** Answered with rows, which must be harmless ones. */
  answered: number
  effects: number
  foreign: number
  leaks: number
  leftBackends: number
}

/** What one run on one server found. */
export interface ServerReport {
  readonly version: string
  readonly tallies: ReadonlyMap<Login, ReadonlyMap<AttackClass, Tally>>
  readonly legitimate: ReadonlyMap<Login, LegitimateTally>
  /** A line for each thing that must not be. */
  readonly failures: readonly string[]
  /** Bytes, of the process of Toolgate. */
  readonly peakMemory: number
}

export interface LegitimateTally {
  readonly asked: number
  readonly refused: number
  /** Refused because the table cannot be held to the caller's rows for this login, as it must be. */
  readonly withheld: number
}

const MAX_MEMORY = 200_000_000
const MAX_REFUSED = 0.02

interface Run {
  readonly victim: VictimDatabase
  readonly server: ServedToolgate
  readonly watch: EffectWatch
  readonly failures: string[]
}

/** Sends every attack and every legitimate statement through a served Toolgate, and measures what they did. */
export async function attackProduct(
  victim: VictimDatabase,
  logins: readonly Login[] = LOGINS,
  say: (line: string) => void = () => {},
): Promise<ServerReport> {
  const server = await serveToolgate(victim, logins)
  const watch = await watchEffects(victim)
  const run: Run = { victim, server, watch, failures: [] }
  try {
    const legitimate = new Map<Login, LegitimateTally>()
    const tallies = new Map<Login, Map<AttackClass, Tally>>()
    for (const login of logins) {
      say(`PostgreSQL ${victim.version}: ${login}`)
      legitimate.set(login, await askLegitimate(run, login))
      tallies.set(login, await attackAs(run, login))
    }
    searchStored(run)
    const peakMemory = server.peakMemory()
    if (peakMemory >= MAX_MEMORY) run.failures.push(`the server took ${Math.round(peakMemory / 1e6)} MB`)
    return { version: victim.version, tallies, legitimate, failures: run.failures, peakMemory }
  } finally {
    await watch.close()
    await server.close()
  }
}

async function attackAs(run: Run, login: Login): Promise<Map<AttackClass, Tally>> {
  const tallies = new Map<AttackClass, Tally>()
  for (const attack of ATTACKS) {
    const tally = tallies.get(attack.class) ?? {
      ...{ attempts: 0, answered: 0, effects: 0, foreign: 0, leaks: 0, leftBackends: 0 },
    }
    tallies.set(attack.class, tally)
    await attackOnce(run, { login, attack, tally })
  }
  return tallies
}

async function attackOnce(
  { victim, server, watch, failures }: Run,
  { login, attack, tally }: { login: Login; attack: Attack; tally: Tally },
): Promise<void> {
  const sql = aim(attack, victim)
  const answer = await server.ask(login, sql)
  const fail = (what: string): void => void failures.push(`${victim.version} ${login} ${attack.id}: ${what}`)
  tally.attempts += 1
  if (!answer.isError) tally.answered += 1
  if (!answer.isError && attack.heldBy === undefined && !mayAnswer(login, attack)) fail('answered, and must be refused')
  if (answer.isError && !isSentence(answer)) fail(`refused without a sentence: ${answer.sentence}`)
  const busy = await watch.countBusy()
  const effects = await watch.findEffects()
  // Somebody without rules about rows sees those of every tenant.
  const foreign = login === 'open' ? [] : findForeign(answer.text, sql)
  const leaks = [...findHidden(answer.text, sql), ...findHidden(server.log(), ALL_SQL).map((found) => `log: ${found}`)]
  tally.effects += effects.length
  tally.foreign += foreign.length
  tally.leaks += leaks.length
  tally.leftBackends += busy
  for (const found of [...effects, ...foreign, ...leaks]) fail(found)
  if (busy > 0) fail(`${busy} sessions still work a second later`)
  if (!server.isRunning()) throw new Error(`The server ended at ${login} ${attack.id}: ${server.log().slice(-2000)}`)
}

/** A plan tells how many rows are estimated; where no rows are kept from anybody, that is nobody's secret. */
function mayAnswer(login: Login, { id }: Attack): boolean {
  return login === 'open' && (id === 'info-explain-rows' || id === 'scope-explain')
}

function isSentence({ sentence }: Answer): boolean {
  return /^\S.{15,}[.?…)]$/s.test(sentence)
}

/** Markers that statements hold themselves say nothing of a leak, where all statements are looked at together. */
const ALL_SQL = ATTACKS.map(({ sql }) => (sql.length < 10_000 ? sql : '')).join('\n')

/** Attacks on files and on other sessions go where they can be seen. */
export function aim({ id, sql }: Attack, { folder, bystander }: Pick<VictimDatabase, 'folder' | 'bystander'>): string {
  const aimed = sql.replaceAll("'/tmp'", `'${folder}'`).replaceAll('/tmp/x', `${folder}/x`)
  const isAtSession = /^admin-(?:terminate|cancel|log-contexts)/.test(id)
  return isAtSession
    ? aimed.replace(/\(1\)|(?<=SELECT )1(?= AS pid)/, (found) => found.replace('1', `${bystander}`))
    : aimed
}

async function askLegitimate({ victim, server, failures }: Run, login: Login): Promise<LegitimateTally> {
  const known = LEGITIMATE.filter((sql) => !SINCE.some(([pattern, major]) => pattern.test(sql) && victim.major < major))
  let [refused, withheld] = [0, 0]
  for (const sql of known) {
    const answer = await server.ask(login, sql)
    const found =
      login === 'open'
        ? findHidden(answer.text, sql)
        : [...findHidden(answer.text, sql), ...findForeign(answer.text, sql)]
    for (const one of found) failures.push(`${victim.version} ${login} legitimate: ${one}: ${sql}`)
    if (!answer.isError) continue
    if (isWithheld(login, answer)) {
      withheld += 1
      continue
    }
    refused += 1
    if (!isSentence(answer)) failures.push(`${login} refused without a sentence: ${sql}`)
  }
  if (refused > known.length * MAX_REFUSED)
    failures.push(`${victim.version} ${login}: ${refused} of ${known.length} legitimate statements refused`)
  return { asked: known.length, refused, withheld }
}

function isWithheld(login: Login, { sentence }: Answer): boolean {
  return login !== 'open' && /cannot hold free SQL to them/.test(sentence)
}

function searchStored({ server, victim, failures }: Run): void {
  const sql = [ALL_SQL, ...LEGITIMATE].join('\n')
  const stored = server.stored()
  for (const found of [...findHidden(stored, sql), ...findForeign(stored, sql)])
    failures.push(`${victim.version} stored: ${found}`)
}
