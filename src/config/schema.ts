import { z } from 'zod'
import { auditOptions, type OpenAuditOptions } from '../audit/options.ts'
import { embeddedOptions } from '../authorization-server/options.ts'
import { mssqlConnectorOptions } from '../connectors/mssql/options.ts'
import { mysqlConnectorOptions } from '../connectors/mysql/options.ts'
import { postgresConnectorOptions } from '../connectors/postgres/options.ts'
import { sdkConnectorOptions } from '../connectors/sdk/options.ts'
import { skillsConnectorOptions } from '../connectors/skills/options.ts'
import { sqliteConnectorOptions } from '../connectors/sqlite/options.ts'
import { typescriptConnectorOptions } from '../connectors/typescript/options.ts'
import { serverOptions } from '../edge/options.ts'
import { accessTokenOptions } from '../identity/oauth/options.ts'
import {
  anonymousOptions,
  certificateOptions,
  keyHeaderOption,
  keyOptions,
  localOptions,
  type WrittenKeyOptions,
} from '../identity/options.ts'
import { logOptions, metricsOptions } from '../observe/options.ts'
import { idempotencyOptions, limitOptions, roleOptions, sanitizeOptions, scopeOptions } from '../pipeline/options.ts'
import { ruleOptions } from '../pipeline/rules/options.ts'
import { storageOptions } from '../storage/options.ts'
import { usageOptions } from '../usage/options.ts'
import type { AccessOptions, Config } from './config.ts'

/** What the file says with the defaults filled in; names and paths that depend on where it lies are still open. */
export type CheckedConfig = Omit<Config, 'name' | 'access' | 'audit' | 'directory' | 'file'> & {
  readonly name?: string
  readonly access: Omit<AccessOptions, 'keys'> & { readonly keys: readonly WrittenKeyOptions[] }
  readonly audit: OpenAuditOptions
}

/** Semantic Versioning 2.0.0, its own suggested expression. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(\.(0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(\+([0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*))?$/

const connectorOptions = z.discriminatedUnion('type', [
  typescriptConnectorOptions,
  sdkConnectorOptions,
  skillsConnectorOptions,
  postgresConnectorOptions,
  sqliteConnectorOptions,
  mysqlConnectorOptions,
  mssqlConnectorOptions,
])

const accessOptions = z.strictObject({
  keys: keyOptions.default([]),
  keyHeader: keyHeaderOption.exactOptional(),
  roles: roleOptions.default({}),
  scopes: scopeOptions.default({}),
  rules: ruleOptions.default([]),
  local: localOptions.exactOptional(),
  anonymous: anonymousOptions.exactOptional(),
  certificates: certificateOptions.exactOptional(),
  oauth: accessTokenOptions(embeddedOptions).exactOptional(),
})

/** The one schema of the configuration. Connectors written as a map have become a list before it sees them. */
export const configSchema: z.ZodType<CheckedConfig> = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(255)
    .exactOptional()
    .describe('Name of the server, told in the handshake. Default: the name of the folder the config file is in.'),
  version: z
    .string()
    .regex(SEMVER, { error: 'a semantic version, such as 1.4.2' })
    .default('0.0.0')
    .meta({ description: 'Version of the server, told in the handshake.', examples: ['1.4.2'] }),
  title: z.string().min(1).exactOptional().describe('Name of the server for people, told in the handshake.'),
  instructions: z
    .string()
    .min(1)
    .exactOptional()
    .describe('What a model should know before it uses the server, told in the handshake.'),
  websiteUrl: z
    .string()
    .regex(/^https?:\/\/[^\s/?#]+\S*$/, { error: 'a URL that starts with https:// or http://' })
    .exactOptional()
    .describe('Page about the server, told in the handshake.'),
  server: serverOptions.prefault({}).describe('How MCP is served.'),
  connectors: z
    .array(connectorOptions)
    .default([])
    .describe('Where capabilities come from: a list, or a map from the name of each to its other options.'),
  access: accessOptions.prefault({}).describe('Who may do what. What is not allowed is denied.'),
  limits: limitOptions
    .prefault({})
    .describe('How much may be called, how long a call may take and how long its result may be.'),
  idempotency: idempotencyOptions
    .prefault({})
    .describe('How calls are recognised that were made before; see docs/how-to/retry-a-call.md.'),
  sanitize: sanitizeOptions.prefault({}).describe('What is taken out of results and errors before callers see them.'),
  audit: auditOptions.prefault({}).describe('The audit trail: two records for each call, one for each that is denied.'),
  log: logOptions.prefault({}).describe('The log: lines of JSON on stderr.'),
  metrics: metricsOptions.prefault({}).describe('What is measured, for Prometheus to read.'),
  storage: storageOptions.prefault({}).describe('The embedded storage.'),
  usage: usageOptions.prefault({}).describe('Who calls which tool how often; see docs/how-to/see-who-uses-what.md.'),
})
