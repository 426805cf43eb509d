import { createHmac, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type AuditTrail, toEntry } from '../audit/audit-trail.ts'
import { type ChainTrail, createChainAuditTrail } from '../audit/chain-audit-trail.ts'
import { openSigningKey } from '../audit/signing-key.ts'
import { createSubjects } from '../audit/subjects.ts'
import type { Config } from '../config/config.ts'
import { RUNNING_PACKAGE_ROOT } from '../connectors/running-package.ts'
import type { Pepper } from '../identity/pepper.ts'
import { isoTime } from '../observe/iso-time.ts'
import type { Observer } from '../observe/observation.ts'
import { type AuditPlan, compileLevels } from '../pipeline/audit-plan.ts'
import { takeLock } from '../storage/sqlite/take-lock.ts'
import type { SubjectKeyStore } from '../storage/subject-key-store.ts'
import { recordConfigKeys } from './keys/record-key-change.ts'

interface Parts {
  readonly clock: () => number
  readonly observer: Observer
}

/** The trail of the configuration, in a chain of its own or in the one that is named. Touches no file before the first record. */
export function createAuditTrail(config: Config, { clock, observer }: Parts, chain?: string): ChainTrail {
  return createChainAuditTrail({
    ...config.audit,
    ...(chain === undefined ? {} : { chain }),
    takeLock,
    openSigner: () => openSigningKey(config.storage.directory),
    clock,
    observer,
  })
}

/** How calls are recorded, as the configuration says. */
export function createAuditPlan(
  config: Config,
  { pepper, store, clock, observer }: Parts & { readonly pepper: Pepper; readonly store: SubjectKeyStore },
): AuditPlan {
  return {
    isStrict: config.audit.mode === 'strict',
    subjects: createSubjects({ store, masterKey: () => subjectMasterKey(pepper), clock, observer }),
    levelOf: compileLevels(config.audit.levels),
    shown: new Map(),
  }
}

/** The key under which the keys of subjects are stored. Makes the pepper when there is none. */
export function subjectMasterKey(pepper: Pepper): Uint8Array {
  return createHmac('sha256', pepper.readOrCreate()).update('toolgate audit subjects 1').digest()
}

/** Records that a process began to serve. */
export function recordStarted(audit: AuditTrail, config: Config, now: number): void {
  const { mode } = config.audit
  const [time, sum] = [isoTime(now), hashOf(config)]
  const { version } = JSON.parse(readFileSync(`${RUNNING_PACKAGE_ROOT}package.json`, 'utf8')) as { version: string }
  audit.append(toEntry({ time, event: 'lifecycle.started', version, config: sum, mode, pid: process.pid }))
}

/** Records that another configuration was taken over. */
export function recordConfigChanged(
  audit: AuditTrail,
  change: { readonly before: Config; readonly after: Config; readonly now: number },
): void {
  const [before, after] = [hashOf(change.before), hashOf(change.after)]
  recordConfigKeys(audit, change)
  if (before !== after) audit.append(toEntry({ time: isoTime(change.now), event: 'config.changed', before, after }))
}

/** Records that it ended in good order; the last record but the checkpoint. */
export function recordStopped(audit: AuditTrail, time: number): void {
  audit.append(toEntry({ time: isoTime(time), event: 'lifecycle.stopped' }))
}

function hashOf(config: Config): string {
  return hash('sha256', JSON.stringify(config), 'base64url')
}
