import type { SessionRecord } from '../../storage/session-records.ts'
import type { SessionSettings } from '../exchange.ts'
import { isImplementation, isLogLevel, isObject } from '../protocol/envelope.ts'
import { LEGACY_VERSIONS } from '../protocol/versions.ts'
import type { Opening } from './legacy-session.ts'

/** What a record tells of a session. */
export interface RecordedSession {
  readonly opening: Opening
  readonly settings: SessionSettings
}

/** What is written into the `data` of a record. */
export function writeSessionData({ opening, settings }: RecordedSession): string {
  const { logLevel, subscriptions, listener } = settings
  return JSON.stringify({ ...opening, logLevel, subscriptions: [...subscriptions], listener })
}

/** Reads a record's `data`; `undefined` when it is damaged, or of a release that wrote something else. */
export function readSessionData({ data }: SessionRecord): RecordedSession | undefined {
  const { version, client, logLevel, subscriptions, listener } = parse(data)
  const isKnown = typeof version === 'string' && LEGACY_VERSIONS.includes(version)
  if (!isKnown || !isObject(client) || !isObject(client.capabilities) || !isLogLevel(logLevel)) return undefined
  if (!Array.isArray(subscriptions) || !subscriptions.every((uri) => typeof uri === 'string')) return undefined
  const { info, capabilities } = client
  return {
    opening: { version, client: { capabilities, ...(isImplementation(info) ? { info } : {}) } },
    settings: {
      logLevel,
      subscriptions: new Set(subscriptions),
      ...(typeof listener === 'string' ? { listener } : {}),
    },
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}
