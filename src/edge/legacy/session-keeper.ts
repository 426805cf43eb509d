import { ToolgateError } from '../../errors.ts'
import type { SessionRecord, SessionRecords } from '../../storage/session-records.ts'
import type { Engine } from '../engine.ts'
import type { SessionSettings } from '../exchange.ts'
import type { LegacySession } from './legacy-session.ts'
import { type RecordedSession, readSessionData, writeSessionData } from './session-record.ts'
import type { SessionTable } from './session-table.ts'

/** Characters of a record. What a client says of itself is kept, so it may not be of any size. */
const MAX_DATA = 262_144
const ATTEMPTS = 10

/** A session that another process opened, and which of its states this is. */
export interface FoundSession extends RecordedSession {
  readonly revision: number
}

/** Keeps the sessions of this process and their records alike. */
export class SessionKeeper {
  readonly #engine: Engine
  readonly #records: SessionRecords
  readonly #table: SessionTable
  readonly #stop: () => void

  constructor(engine: Engine, table: SessionTable) {
    this.#engine = engine
    this.#records = engine.sessionRecords
    this.#table = table
    this.#stop = this.#records.watch((id) => void this.#refresh(id))
  }

  /** Writes the record of a new session. Rejects with `INVALID_PARAMS` when the client says too much of itself. */
  async add(session: LegacySession): Promise<void> {
    const { id, principal, lastSeenAt, revision } = session
    const expiresAt = lastSeenAt + this.#engine.options.sessions.idleMs
    await this.#records.add({ id, principalId: principal.id, expiresAt, revision, data: toData(session) })
  }

  /** What a process that does not serve the session needs to go on with it; `undefined` when it has ended. */
  async find(id: string, principalId: string): Promise<FoundSession | undefined> {
    const record = await this.#records.find(id)
    if (record === undefined || record.principalId !== principalId) return undefined
    if (record.expiresAt <= this.#engine.guards.clock()) return undefined
    const recorded = readSessionData(record)
    return recorded === undefined ? undefined : { ...recorded, revision: record.revision }
  }

  /** Changes the settings in the record, then here. Two processes that change them at once both have their way. */
  readonly change = async (
    session: LegacySession,
    change: (before: SessionSettings) => SessionSettings,
  ): Promise<void> => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const record = await this.#records.find(session.id)
      if (record === undefined) break
      const settings = change(readSessionData(record)?.settings ?? session.settings)
      const data = toData({ opening: session.opening, settings })
      const next: SessionRecord = { ...record, revision: record.revision + 1, data }
      if (!(await this.#records.replace(next))) continue
      this.#adopt(session, next)
      return
    }
    throw new ToolgateError({ code: 'SESSION_NOT_FOUND', message: 'The session has ended.' })
  }

  /** Lets go of what is idle, moves the end of what was used, and notices what another process ended or changed. */
  async sweep(): Promise<void> {
    const now = this.#engine.guards.clock()
    const idleSince = now - this.#engine.options.sessions.idleMs
    const touched: Promise<void>[] = []
    for (const session of this.#table.all()) {
      if (session.isBusy) touched.push(this.touch(session, now))
      else if (session.lastSeenAt <= idleSince) this.#letGo(session)
      else if (session.lastSeenAt > session.touchedAt) touched.push(this.touch(session))
    }
    await Promise.all(touched)
    await this.#guard(async () => this.#records.removeExpired(now))
  }

  /** Tells other processes that the session was used, and does what they did to it. Never rejects. */
  async touch(session: LegacySession, usedAt: number = session.lastSeenAt): Promise<void> {
    session.touchedAt = usedAt
    await this.#guard(async () => {
      this.#follow(session, await this.#records.touch(session.id, usedAt + this.#engine.options.sessions.idleMs))
    })
  }

  close(): void {
    this.#stop()
  }

  async #refresh(id: string): Promise<void> {
    const session = this.#table.get(id)
    if (session !== undefined) await this.#guard(async () => this.#follow(session, await this.#records.find(id)))
  }

  /** Does here what was done to the record elsewhere. */
  #follow(session: LegacySession, record: SessionRecord | undefined): void {
    if (this.#table.get(session.id) !== session) return
    if (record === undefined) this.#letGo(session)
    else if (record.revision > session.revision) this.#adopt(session, record)
  }

  #adopt(session: LegacySession, record: SessionRecord): void {
    const read = readSessionData(record)
    if (read === undefined) return
    session.revision = record.revision
    session.adopt(read.settings)
  }

  #letGo(session: LegacySession): void {
    this.#table.remove(session)
    session.end()
  }

  /** While the records cannot be reached, the sessions that are served here go on. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      this.#engine.guards.observe({ type: 'fault', message: 'The records of sessions cannot be reached.', cause })
    }
  }
}

function toData(session: RecordedSession): string {
  const data = writeSessionData(session)
  if (data.length <= MAX_DATA) return data
  throw new ToolgateError({ code: 'INVALID_PARAMS', message: 'The session would hold too much.' })
}
