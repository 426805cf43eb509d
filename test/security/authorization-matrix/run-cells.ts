import { type Cell, exists, KINDS, nameOfCell, type Operation, STATES, VERSIONS, type Version } from './cells.ts'
import type { Credential } from './credentials.ts'
import { askedBy, type Handles, openedWith, writeRequest } from './operations.ts'
import { type Expected, expected, listed, OPERATIONS } from './oracle.ts'
import type { Answer, Wire } from './wire.ts'

/** What came out of the whole matrix. */
export interface Outcome {
  readonly cells: number
  /** Cells that are not as the oracle has them, and in which way. */
  readonly mismatches: readonly Mismatch[]
  /** How often each handler should have run: by the id of the caller and the name of the capability. */
  readonly runs: ReadonlyMap<string, number>
  /** The answers, for comparing them with each other. */
  readonly answers: ReadonlyMap<string, Answer>
}

/** A cell that is not as the oracle has it. */
export interface Mismatch {
  readonly cell: Cell
  readonly difference: string
}

/** One line for all cells of a credential that differ in the same way. */
export function describeMismatches(mismatches: readonly Mismatch[]): readonly string[] {
  const groups = new Map<string, Mismatch[]>()
  for (const mismatch of mismatches) {
    const what = `${mismatch.cell.kind} ${mismatch.cell.state}: ${mismatch.difference}`
    groups.set(what, [...(groups.get(what) ?? []), mismatch])
  }
  return [...groups].map(([what, same]) => {
    const where = [...new Set(same.map(({ cell }) => `${cell.operation} ${cell.version}`))]
    return `${what} (${same.length}: ${where.slice(0, 4).join(', ')}${where.length > 4 ? ', …' : ''})`
  })
}

/** What a caller has when the matrix begins. */
export interface Place {
  readonly handles: Handles
  /** Session by version. */
  readonly sessions: ReadonlyMap<Version, string>
}

/** Opens a session of every version that has them, and starts a task. */
export async function settle(wire: Wire, credential: Credential): Promise<Omit<Place, 'handles'> & { task: string }> {
  const sessions = new Map<Version, string>()
  const none = { ownTask: '', foreignTask: '' }
  for (const version of VERSIONS.filter((one) => one !== '2026-07-28')) {
    const opened = await wire.post(credential, writeRequest(askedBy('discover', version, none), version))
    if (opened.json.result?.protocolVersion !== openedWith(version)) throw new Error(`no session: ${opened.text}`)
    sessions.set(version, String(opened.headers['mcp-session-id']))
  }
  const long = { method: 'tools/call', params: { name: 'long_note' } }
  const started = await wire.post(credential, writeRequest(long, '2026-07-28'))
  if (started.json.result?.taskId === undefined) throw new Error(`no task: ${started.text}`)
  return { sessions, task: started.json.result.taskId }
}

/** Asks every operation of every version with every credential; those of one credential in turn, as one client does. */
export async function runCells(
  wire: Wire,
  credentials: readonly Credential[],
  placeOf: (credential: Credential) => Place,
): Promise<Outcome> {
  const mismatches: Mismatch[] = []
  const runs = new Map<string, number>()
  const answers = new Map<string, Answer>()
  const ask = async (credential: Credential, operation: Operation, version: Version): Promise<void> => {
    const cell: Cell = { kind: credential.kind, state: credential.state, operation, version }
    const { handles, sessions } = placeOf(credential)
    const written = writeRequest(askedBy(operation, version, handles), version)
    const session = operation === 'discover' ? undefined : sessions.get(version)
    const headers = { ...written.headers, ...(session === undefined ? {} : { 'mcp-session-id': session }) }
    const answer = await wire.post(credential, { ...written, headers })
    answers.set(nameOfCell(cell), answer)
    const wanted = expected(cell)
    const wrong = difference(cell, wanted, answer)
    if (wrong !== undefined) mismatches.push({ cell, difference: wrong })
    if (wanted.runs) count(runs, `${credential.id} ${HANDLERS[operation]}`)
  }
  const client = async (credential: Credential): Promise<void> => {
    for (const version of VERSIONS) for (const operation of OPERATIONS) await ask(credential, operation, version)
  }
  await Promise.all(credentials.map(client))
  return { cells: answers.size, mismatches, runs, answers }
}

/** What a handler counts itself under. */
const HANDLERS: Readonly<Partial<Record<Operation, string>>> = {
  'call read': 'read_note',
  'call write': 'write_note',
  'call admin': 'admin_note',
  'read own': 'note://acme/1',
  'read foreign': 'note://globex/1',
  'read locked': 'note://acme/locked',
  'read template': 'note://shared/{id}',
  'prompt get': 'brief',
  complete: 'completion of brief',
}

function count(runs: Map<string, number>, key: string): void {
  runs.set(key, (runs.get(key) ?? 0) + 1)
}

function difference({ state, operation }: Cell, wanted: Expected, answer: Answer): string | undefined {
  const { status, json } = answer
  const got = `${status} ${json?.error?.code ?? (json?.result === undefined ? 'result' : 'ok')}`
  const isError = json?.error !== undefined || json?.result?.isError === true
  const want = `${wanted.status} ${wanted.code ?? 'ok'}`
  if (status !== wanted.status || json?.error?.code !== wanted.code || isError !== (wanted.code !== undefined)) {
    return `expected ${want}, got ${got} ${json?.error?.data?.code ?? json?.error?.message ?? ''}`
  }
  return differenceOfChallenge(wanted.challenge, answer) ?? differenceOfList(operation, listed(state), answer)
}

const METADATA = /, resource_metadata="https:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/mcp"$/

function differenceOfChallenge(wanted: string | undefined, { headers }: Answer): string | undefined {
  const sent = headers['www-authenticate']
  const want =
    wanted === undefined ? undefined : ['Bearer realm="toolgate"', wanted].filter((part) => part !== '').join(', ')
  if (sent?.replace(METADATA, '') !== want) return `expected the challenge ${want}, got ${sent}`
  return sent === undefined || METADATA.test(sent) ? undefined : `no resource_metadata in ${sent}`
}

interface Listed {
  readonly name?: string
  readonly uri?: string
  readonly uriTemplate?: string
}

function differenceOfList(operation: Operation, all: readonly string[], { json }: Answer): string | undefined {
  const belongs = LISTS[operation]
  if (belongs === undefined || json?.result === undefined) return undefined
  const items = (Object.values(json.result).find(Array.isArray) ?? []) as Listed[]
  const got = items.map(({ uri, uriTemplate, name }) => uri ?? uriTemplate ?? name ?? '').sort()
  const want = all.filter(belongs).sort()
  return got.join() === want.join() ? undefined : `expected ${want.join()}, got ${got.join()}`
}

const LISTS: Readonly<Partial<Record<Operation, (name: string) => boolean>>> = {
  'tools/list': (name) => name.endsWith('_note'),
  'resources/list': (name) => name.includes('://') && !name.includes('{'),
  'resources/templates/list': (name) => name.includes('{'),
  'prompts/list': (name) => name === 'brief',
}

/** How many cells there are not, since no such credential exists. */
export function countLeftOut(): number {
  const missing = KINDS.flatMap((kind) => STATES.filter((state) => !exists(kind, state)))
  return missing.length * OPERATIONS.length * VERSIONS.length
}
