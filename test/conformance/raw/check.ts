import type { RawServer } from './raw-server.ts'
import type { StdioClient } from './stdio-client.ts'
import type { Talk } from './talk.ts'
import { talkOverHttp, talkOverStdio } from './talk.ts'

export type Revision = '2024-11-05' | '2025-11-25' | '2026-07-28'

/** How strongly the specification asks for it (RFC 2119). */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY'

/** Where a check looks: on the wire, or at what happens when a capability is defined. */
export type Place = 'http' | 'stdio' | 'definition'

/** The test of a check at each place where it makes sense. A rejected promise is the verdict "fails". */
export interface Tests {
  readonly http?: (server: RawServer) => Promise<void>
  readonly stdio?: (client: StdioClient) => Promise<void>
  readonly definition?: () => Promise<void>
}

/** One requirement of the specification and how it is tried from outside. */
export interface RawCheck {
  /** Stable and unique. */
  readonly id: string
  readonly requirement: string
  readonly level: Level
  readonly revisions: readonly Revision[]
  readonly tests: Tests
  /** The requirement is known not to be met, for this reason: its tests must fail. */
  readonly deviation?: string
}

/** The places of a check, in a fixed order. */
export function placesOf({ tests }: RawCheck): readonly Place[] {
  return (['http', 'stdio', 'definition'] as const).filter((place) => tests[place] !== undefined)
}

/** The same test over HTTP and over stdio. */
export function onBoth(test: (talk: Talk) => Promise<void>): Tests {
  return { http: (server) => test(talkOverHttp(server)), stdio: (client) => test(talkOverStdio(client)) }
}

export const MODERN: readonly Revision[] = ['2026-07-28']
export const LEGACY: readonly Revision[] = ['2025-11-25']
/** The revision with HTTP+SSE; served where `server.compat.sse` is on. */
export const OLDEST: readonly Revision[] = ['2024-11-05']
export const BOTH: readonly Revision[] = ['2025-11-25', '2026-07-28']
