import type { AuditRecord } from '../../audit/audit-record.ts'
import { LineReader, type TrailLine } from '../../audit/read-after.ts'
import { SubjectKey } from '../../audit/subject-key.ts'
import { pseudonymOfCredential } from '../../audit/subjects.ts'
import type { SubjectIdentity } from '../../audit/trail-event.ts'
import type { Config } from '../../config/config.ts'
import { ToolgateError } from '../../errors.ts'
import { openPepper } from '../../identity/pepper.ts'
import { openStorage } from '../../storage/open-storage.ts'
import { openAuditIndex } from '../../storage/sqlite/audit-index.ts'
import { subjectMasterKey } from '../audit.ts'
import { listApiKeys } from '../keys/list-keys.ts'
import { findSubjects, PSEUDONYM } from './find-subjects.ts'
import { indexFileOf, searchTrail } from './search-trail.ts'

/** What the trail has of one pseudonym. */
export interface ShownSubject {
  readonly subject: string
  /** `known`: its key is there. `erased`: the trail says that it was destroyed. `unreadable`: it is gone, and nothing says why. */
  readonly state: 'known' | 'erased' | 'unreadable'
  /** When it was erased; ISO 8601. */
  readonly erasedAt?: string
  /** Every record of it, newest first. */
  readonly records: AsyncIterable<ShownRecord>
}

/** A record, and what is sealed in it. */
export interface ShownRecord {
  readonly line: TrailLine
  readonly identity?: SubjectIdentity
  /** Public id of the API key with which the subject came, where it is kept still. */
  readonly credentialId?: string
  /** JSON, as it was after masking; of long ones the beginning alone. */
  readonly input?: string
  readonly output?: string
  /** Something is sealed in it that nobody can open. */
  readonly isUnreadable: boolean
}

/**
 * All that the trail has of a principal, by its id, the name of its API key, or a pseudonym; nobody where the storage knows no such
 * principal. Brings the index up to date first. Rejects with `STORAGE_FAILED`.
 */
export async function showSubject(config: Config, who: string): Promise<readonly ShownSubject[]> {
  const shown: ShownSubject[] = []
  const credentials = (await listApiKeys(config)).map(({ id }) => id)
  for (const [subject, key] of readKeys(config, who)) {
    const { directory } = config.audit
    const query = { subjects: [subject], event: 'subject.erased', limit: 1 }
    const [erased] = await searchTrail(directory, query)
    const state = key !== undefined ? 'known' : erased === undefined ? 'unreadable' : 'erased'
    const when = state === 'erased' && erased !== undefined ? { erasedAt: erased.record.time } : {}
    shown.push({
      subject,
      state,
      ...when,
      records: readRecords(directory, subject, { key, credentials: nameCredentials(key, credentials) }),
    })
  }
  return shown
}

function readKeys(config: Config, who: string): ReadonlyMap<string, SubjectKey | undefined> {
  const storage = openStorage({ directory: config.storage.directory })
  const keys = new Map<string, SubjectKey | undefined>(PSEUDONYM.test(who) ? [[who, undefined]] : [])
  try {
    const found = findSubjects(config, storage, who)
    if (found.length === 0) return keys
    const masterKey = subjectMasterKey(openPepper(config.storage))
    for (const { subject, wrappedKey } of found) keys.set(subject, SubjectKey.unwrap(subject, wrappedKey, masterKey))
    return keys
  } finally {
    storage.close()
  }
}

/** What can be opened with the key of a subject. */
interface Opening {
  readonly key: SubjectKey | undefined
  /** Ids of API keys, by what records call them. */
  readonly credentials: ReadonlyMap<string, string>
}

function nameCredentials(key: SubjectKey | undefined, ids: readonly string[]): ReadonlyMap<string, string> {
  return new Map(key === undefined ? [] : ids.map((id) => [pseudonymOfCredential({ key }, id), id]))
}

async function* readRecords(directory: string, subject: string, opening: Opening): AsyncGenerator<ShownRecord> {
  const index = openAuditIndex({ file: indexFileOf(directory) })
  const reader = new LineReader(directory)
  try {
    for (const place of index.find({ subjects: [subject] })) {
      const line = await reader.read(place)
      if (line === undefined || subjectOf(line.record) !== subject) throw changed(directory)
      yield openRecord(line, opening)
    }
  } finally {
    await reader.close()
    index.close()
  }
}

function openRecord(line: TrailLine, { key, credentials }: Opening): ShownRecord {
  const { record } = line
  const sealed = sealedIn(record)
  const opened = Object.entries(sealed).map(([name, text]) => [name, key?.open(text)] as const)
  const { identity, ...payloads } = Object.fromEntries(opened.filter(([, text]) => text !== undefined))
  const isUnreadable = opened.some(([, text]) => text === undefined)
  const credentialId = credentials.get(String((record as { readonly credential?: unknown }).credential))
  return {
    line,
    ...(identity === undefined ? {} : { identity: JSON.parse(identity) }),
    ...(credentialId === undefined ? {} : { credentialId }),
    ...payloads,
    isUnreadable,
  }
}

function sealedIn(record: AuditRecord): Readonly<Record<string, string>> {
  if (record.event === 'subject.introduced') return { identity: record.sealed }
  const { input, output } = record as { readonly input?: { sealed?: unknown }; readonly output?: { sealed?: unknown } }
  return {
    ...(typeof input?.sealed === 'string' ? { input: input.sealed } : {}),
    ...(typeof output?.sealed === 'string' ? { output: output.sealed } : {}),
  }
}

function subjectOf(record: AuditRecord): unknown {
  return (record as { readonly subject?: unknown }).subject
}

/** A part of the records must not pass for all of them. */
function changed(directory: string): ToolgateError {
  return new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `The audit trail ${directory} changed while it was read, or its index does not fit it: this is not everything.`,
    hint: 'Do the same again; if it fails again, remove index.db in that folder.',
  })
}
