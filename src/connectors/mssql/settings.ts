/** Where a SQL Server is and how it is used. */
export interface MssqlSettings {
  readonly host: string
  /** Default: 1433. */
  readonly port?: number
  readonly database: string
  readonly user: string
  readonly password: string
  readonly tls: TlsSettings
  /** Name under which the sessions appear in `sys.dm_exec_sessions`. */
  readonly applicationName?: string
  readonly pool: PoolSettings
}

/** `encrypted` demands TLS inside TDS, `strict` TLS before it (TDS 8.0, SQL Server 2022); `off` is for loopback and tests. */
export interface TlsSettings {
  readonly mode: 'encrypted' | 'strict' | 'off'
  /** Certificates in PEM that are believed beside those of Node. */
  readonly ca?: string
  /** Name that the certificate must have, if it is not the host. */
  readonly serverName?: string
}

/** How many sessions there are and how long is waited for one. */
export interface PoolSettings {
  readonly max: number
  /** Of `max`, so many only for cheap statements. */
  readonly reserved: number
  /** Milliseconds after which a session that nobody uses is closed. */
  readonly idleMs: number
  /** Milliseconds a caller waits for a session. */
  readonly acquireMs: number
  /** Milliseconds one attempt to connect may take. */
  readonly connectMs: number
}
