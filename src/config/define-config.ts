import type { AuditOptions } from '../audit/options.ts'
import type { EmbeddedInput } from '../authorization-server/options.ts'
import type { MssqlConnectorInput } from '../connectors/mssql/options.ts'
import type { MysqlConnectorInput } from '../connectors/mysql/options.ts'
import type { PostgresConnectorInput } from '../connectors/postgres/options.ts'
import type { SdkConnectorInput } from '../connectors/sdk/options.ts'
import type { SkillsConnectorInput } from '../connectors/skills/options.ts'
import type { SqliteConnectorInput } from '../connectors/sqlite/options.ts'
import type { TypeScriptConnectorInput } from '../connectors/typescript/options.ts'
import type { ServerInput } from '../edge/options.ts'
import type { GrantOptions, KeyOptions } from '../identity/options.ts'
import type { LogOptions, MetricsOptions } from '../observe/options.ts'
import type { LimitOptions, PersonalOptions, RoleOptions, SanitizeOptions } from '../pipeline/options.ts'
import type { StorageOptions } from '../storage/options.ts'

/** A connector as it may be written; `type` tells which. */
export type ConnectorInput =
  | TypeScriptConnectorInput
  | SdkConnectorInput
  | SkillsConnectorInput
  | PostgresConnectorInput
  | SqliteConnectorInput
  | MysqlConnectorInput
  | MssqlConnectorInput

/** The same in a map, where the key is the name. */
export type NamedConnectorInput =
  | Omit<TypeScriptConnectorInput, 'name'>
  | Omit<SdkConnectorInput, 'name'>
  | Omit<SkillsConnectorInput, 'name'>
  | Omit<PostgresConnectorInput, 'name'>
  | Omit<SqliteConnectorInput, 'name'>
  | Omit<MysqlConnectorInput, 'name'>
  | Omit<MssqlConnectorInput, 'name'>

/** The configuration as it may be written: what is left out has its default, paths are relative to the file. */
export interface ConfigInput {
  readonly name?: string
  readonly version?: string
  readonly title?: string
  readonly instructions?: string
  readonly websiteUrl?: string
  readonly server?: ServerInput
  readonly connectors?: readonly ConnectorInput[] | Readonly<Record<string, NamedConnectorInput>>
  readonly access?: {
    readonly keys?: readonly KeyOptions[]
    readonly roles?: Readonly<Record<string, Partial<RoleOptions>>>
    readonly local?: GrantOptions
    readonly anonymous?: GrantOptions
    readonly oauth?: 'embedded' | { readonly embedded?: EmbeddedInput }
  }
  readonly limits?: Partial<Omit<LimitOptions, 'breaker'>> & { readonly breaker?: Partial<LimitOptions['breaker']> }
  readonly sanitize?: Partial<Omit<SanitizeOptions, 'personal'>> & {
    readonly personal?: readonly (Omit<PersonalOptions, 'action'> & Partial<Pick<PersonalOptions, 'action'>>)[]
  }
  readonly audit?: Partial<AuditOptions>
  readonly log?: Partial<LogOptions>
  readonly metrics?: Partial<MetricsOptions>
  readonly storage?: Partial<StorageOptions>
}

/**
 * Says to the editor what may stand in `toolgate.config.ts`; answers what it was given. Checked when it is loaded, like
 * YAML, and `${NAME}` in a text is taken from the environment, too.
 *
 * @example export default defineConfig({ connectors: [{ name: 'tools', type: 'typescript', path: './tools' }] })
 */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config
}
