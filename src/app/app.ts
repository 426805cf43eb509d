import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { Config } from '../config/config.ts'
import type { Connector } from '../connectors/connector.ts'
import type { MemoryClient, MemoryPeer } from '../edge/memory/connect-in-memory.ts'
import type { Principal } from '../identity/principal.ts'
import type { Observer } from '../observe/observation.ts'
import type { Breakers } from '../pipeline/breakers.ts'
import type { ExplainedCall, Explanation } from '../pipeline/explain-call.ts'
import type { StoredKey } from '../storage/key-store.ts'
import type { UsageQuery, UsageSum } from '../usage/read-usage.ts'
import type { Pauses } from './retry-connecting.ts'

export type { UsageDimension, UsageQuery, UsageSum } from '../usage/read-usage.ts'

/** What may be given beside the configuration; all of it optional. */
export interface AppOptions {
  /** Milliseconds since the epoch; for tests. */
  readonly clock?: () => number
  /** How it waits before a connector that is missing is tried again; for tests. */
  readonly pauses?: Pauses
  /** Takes log lines instead of stderr. */
  readonly writeLog?: (line: string) => void
  /** Sees every observation beside the log; the `dev` command prints calls with it. */
  readonly observer?: Observer
  /** Where records go instead of the chain that the configuration describes. */
  readonly auditTrail?: AuditTrail
  /** Keys that live as long as the process, beside those in the configuration and in storage. */
  readonly keys?: readonly StoredKey[]
  /** Connectors made in code, beside those of the configuration. */
  readonly connectors?: readonly Connector[]
}

/** Who a caller over stdio is; without either, whom the configuration says. */
export interface LocalCaller {
  readonly as?: Principal
  /** An API key, as its holder has it. */
  readonly key?: string | undefined
}

/** What a reload brought. */
export interface ReloadReport {
  /** Names added to and gone from the catalog. */
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

/** What a new configuration brought. */
export interface ReconfigureReport extends ReloadReport {
  /** Options that differ but hold until the process is started anew: `server.port`. */
  readonly needRestart: readonly string[]
}

/** A whole Toolgate in this process: connected, compiled, ready to be served. */
export interface App {
  /** What is served now. */
  readonly config: Config
  /** What is offered now. */
  readonly catalog: Catalog
  /**
   * Serves Streamable HTTP. Rejects with `ADDRESS_IN_USE`, or `NOT_CONFIGURED` when nobody could be let in.
   * `url` is the endpoint, path included.
   */
  listen(at?: {
    readonly host?: string
    readonly port?: number
  }): Promise<{ readonly url: string; readonly port: number }>
  /**
   * Serves stdin and stdout; resolves when the input ends. Rejects with `NOT_CONFIGURED` when nothing says who calls, and with
   * `UNAUTHENTICATED` for a key that lets nobody in, at the start or, once it is revoked or expires, at any time.
   */
  serveStdio(caller?: LocalCaller): Promise<void>
  /** The same engine without bytes, as the given principal or as the local one. */
  connectInMemory(as?: Principal, client?: MemoryClient): MemoryPeer
  /**
   * Says why a call would be permitted or denied and what every guard would do with it now. Nothing is executed, taken or
   * recorded. It names rules and roles, so it is for operators, never for callers.
   */
  explain(call: ExplainedCall): Promise<Explanation>
  /** Reads every connector's source again and swaps the catalog in one step; on failure the old one stays. */
  reload(): Promise<ReloadReport>
  /**
   * Takes another configuration over in one step: connectors, access, limits, log and what the server says of itself.
   * Calls that run end under the one before. Rejects, and changes nothing, when the new one cannot be served.
   */
  reconfigure(config: Config): Promise<ReconfigureReport>
  /** Whether calls of a connector pass (`closed`), are refused (`open`) or are tried (`half-open`); of those that were called. */
  readonly breakers: Pick<Breakers, 'states'>
  /** Files and folders whose change means `reload`. */
  watched(): readonly string[]
  /**
   * Adds up how tools were used while Toolgate was served from this storage, by whichever process; up to a minute behind.
   * Rejects with `STORAGE_FAILED`, or `RangeError` for a span that is none.
   */
  readUsage(query: UsageQuery): Promise<readonly UsageSum[]>
  /** Tells the log, and whoever else listens, of something that happened around the app. */
  readonly observe: Observer
  /** Lets running calls end, then ends streams and connectors and writes out the audit trail. Idempotent. */
  close(): Promise<void>
}
