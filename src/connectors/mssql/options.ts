import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'
import { prefixOption, type SqlInput, type SqlOptions, sqlOptions } from '../sql/options.ts'

/** A connector of type `mssql` in the configuration: SQL Server. */
export interface MssqlConnectorOptions extends SharedConnectorOptions, SqlOptions {
  readonly type: 'mssql'
  /** `mssql://login:password@host:port/database`. */
  readonly url: string
  readonly prefix?: string
  readonly schemas?: readonly string[]
  readonly tls: MssqlTlsOptions
  readonly pool: MssqlPoolOptions
  readonly identity: MssqlIdentityOptions
}

/** The same as it may be written. */
export type MssqlConnectorInput = SharedConnectorInput &
  SqlInput & { readonly type: 'mssql'; readonly url: string } & Partial<
    Pick<MssqlConnectorOptions, 'prefix' | 'schemas' | 'tls' | 'pool' | 'identity'>
  >

export interface MssqlTlsOptions {
  readonly mode: 'verify' | 'strict' | 'off'
  /** PEM. */
  readonly ca?: string
  readonly servername?: string
}

export interface MssqlPoolOptions {
  readonly max: number
  readonly reserved: number
  readonly connectTimeoutMs: number
  readonly idleMs: number
}

export interface MssqlIdentityOptions {
  readonly role?: string
  readonly settings: Readonly<Record<string, string>>
}

const tls: z.ZodType<MssqlTlsOptions> = z.strictObject({
  mode: z
    .enum(['verify', 'strict', 'off'])
    .default('verify')
    .describe(
      'How it is protected. `verify`: TLS within TDS with a certificate that fits the host. `strict`: the same before TDS (TDS 8.0, from SQL Server 2022 on). `off`: none.',
    ),
  ca: z.string().min(1).exactOptional().describe('Certificates to trust, PEM. Default: those that Node.js trusts.'),
  servername: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Name that the certificate must be for. Default: the host of the URL.'),
})

const pool: z.ZodType<MssqlPoolOptions> = z
  .strictObject({
    max: z.int().min(2).max(200).default(10).describe('Sessions of the database at once.'),
    reserved: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .describe('Sessions of these that only cheap statements take, so that they never wait behind slow ones.'),
    connectTimeoutMs: z
      .int()
      .min(1)
      .max(600_000)
      .default(10_000)
      .describe('Milliseconds that connecting may take, and waiting for a session that is free.'),
    idleMs: z.int().min(1).max(86_400_000).default(60_000).describe('Milliseconds after which an unused session ends.'),
  })
  .refine(({ max, reserved }) => reserved < max, { error: '`reserved` must be less than `max`' })

const identity: z.ZodType<MssqlIdentityOptions> = z.strictObject({
  role: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'User of the database that statements run as (`EXECUTE AS USER`); `{tenant}`, `{id}` and `{claims.<name>}` stand for what is known of the caller. Each statement then takes a session of its own.',
    ),
  settings: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_.]{0,127}$/, { error: 'letters, digits, _ and dots, such as tenant' }),
      z.string().regex(/^(tenant|id|name|claims\.[A-Za-z0-9_.:/-]{1,128})$/, {
        error: 'tenant, id, name or claims.<name>',
      }),
    )
    .default({})
    .describe(
      "Values by which a security policy can go, by key: `{ tenant: tenant }` makes `SESSION_CONTEXT(N'tenant')` the tenant of the caller.",
    ),
})

/** The options of a connector of type `mssql`, with their defaults. */
export const mssqlConnectorOptions: z.ZodType<
  MssqlConnectorOptions,
  unknown,
  Discriminable<MssqlConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('mssql').describe('Kind of the connector: SQL Server.'),
  url: z
    .string()
    .regex(/^mssql:\/\/\S+$/, { error: 'a URL such as mssql://login:password@host:1433/database' })
    .describe(
      'Where the database is, and the login. Take it from the environment, with the name of a variable in braces after a dollar.',
    ),
  prefix: prefixOption,
  schemas: z.array(z.string().min(1)).min(1).exactOptional().describe('Schemas that are looked at. Default: all.'),
  tls: tls.prefault({}).describe('How the connection is protected.'),
  pool: pool.prefault({}).describe('Sessions of the database.'),
  identity: identity.prefault({}).describe('What the database is told of the caller.'),
  ...sqlOptions,
})
