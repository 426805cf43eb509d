import type { AuditOptions } from '../audit/options.ts'
import type { EmbeddedOptions } from '../authorization-server/options.ts'
import type { MssqlConnectorOptions } from '../connectors/mssql/options.ts'
import type { MysqlConnectorOptions } from '../connectors/mysql/options.ts'
import type { PostgresConnectorOptions } from '../connectors/postgres/options.ts'
import type { SdkConnectorOptions } from '../connectors/sdk/options.ts'
import type { SkillsConnectorOptions } from '../connectors/skills/options.ts'
import type { SqliteConnectorOptions } from '../connectors/sqlite/options.ts'
import type { TypeScriptConnectorOptions } from '../connectors/typescript/options.ts'
import type { ServerOptions } from '../edge/options.ts'
import type { OAuthOptions } from '../identity/oauth/options.ts'
import type { CertificateOptions, GrantOptions, KeyOptions } from '../identity/options.ts'
import type { LogOptions, MetricsOptions } from '../observe/options.ts'
import type {
  IdempotencyOptions,
  LimitOptions,
  RoleOptions,
  SanitizeOptions,
  ScopeOptions,
} from '../pipeline/options.ts'
import type { RuleOptions } from '../pipeline/rules/options.ts'
import type { StorageOptions } from '../storage/options.ts'
import type { UsageOptions } from '../usage/options.ts'

/** A connector in the configuration; `type` tells which. */
export type ConnectorOptions =
  | TypeScriptConnectorOptions
  | SdkConnectorOptions
  | SkillsConnectorOptions
  | PostgresConnectorOptions
  | SqliteConnectorOptions
  | MysqlConnectorOptions
  | MssqlConnectorOptions

/** Who may do what. */
export interface AccessOptions {
  readonly keys: readonly KeyOptions[]
  /** A header in which keys are taken beside `Authorization`. */
  readonly keyHeader?: string
  /** Role by name. The record has no prototype, so `roles[name]` finds roles alone. */
  readonly roles: Readonly<Record<string, RoleOptions>>
  /** Scope by name; no prototype either. */
  readonly scopes: Readonly<Record<string, ScopeOptions>>
  readonly rules: readonly RuleOptions[]
  readonly local?: GrantOptions
  readonly anonymous?: GrantOptions
  readonly certificates?: CertificateOptions
  readonly oauth?: AccessTokenOptions
}

/** Whose access tokens are let in; `embedded` is the authorization server that Toolgate is itself. */
export interface AccessTokenOptions extends OAuthOptions {
  readonly embedded?: EmbeddedOptions
}

/** The configuration as the rest of the product sees it: checked, every default filled in, paths absolute, frozen. */
export interface Config {
  /** Name of the server, told in the handshake. */
  readonly name: string
  /** Semantic version of the server, told in the handshake. */
  readonly version: string
  readonly title?: string
  readonly instructions?: string
  readonly websiteUrl?: string
  readonly server: ServerOptions
  readonly connectors: readonly ConnectorOptions[]
  readonly access: AccessOptions
  readonly limits: LimitOptions
  readonly idempotency: IdempotencyOptions
  readonly sanitize: SanitizeOptions
  readonly audit: AuditOptions
  readonly log: LogOptions
  readonly metrics: MetricsOptions
  readonly storage: StorageOptions
  readonly usage: UsageOptions
  /** Folder that relative paths were resolved against: the one of the config file. Absolute. */
  readonly directory: string
  /** The config file; absent when the record was not read from one. Absolute. */
  readonly file?: string
}
