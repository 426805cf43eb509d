import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'
import { prefixOption, type SqlInput, type SqlOptions, sqlOptions } from '../sql/options.ts'

/** A connector of type `mysql` in the configuration: MySQL or MariaDB. */
export interface MysqlConnectorOptions extends SharedConnectorOptions, SqlOptions {
  readonly type: 'mysql'
  /** `mysql://login:password@host:port/database`; `?socket=` for a socket of this machine. */
  readonly url: string
  readonly prefix?: string
  readonly schemas?: readonly string[]
  readonly tls: MysqlTlsOptions
  readonly pool: MysqlPoolOptions
  readonly identity: MysqlIdentityOptions
}

/** The same as it may be written. */
export type MysqlConnectorInput = SharedConnectorInput &
  SqlInput & { readonly type: 'mysql'; readonly url: string } & Partial<
    Pick<MysqlConnectorOptions, 'prefix' | 'schemas' | 'tls' | 'pool' | 'identity'>
  >

export interface MysqlTlsOptions {
  readonly mode: 'auto' | 'verify' | 'off'
  /** PEM. */
  readonly ca?: string
}

export interface MysqlPoolOptions {
  readonly max: number
  readonly reserved: number
  readonly connectTimeoutMs: number
  readonly idleMs: number
}

export interface MysqlIdentityOptions {
  readonly role?: string
  /** What of the caller is in a user variable, by the name of the variable. */
  readonly settings: Readonly<Record<string, string>>
}

const tls: z.ZodType<MysqlTlsOptions> = z.strictObject({
  mode: z
    .enum(['auto', 'verify', 'off'])
    .default('auto')
    .describe(
      'Whether TLS is used. `verify`: TLS with a certificate that fits the host. `auto`: the same, but without TLS to this machine itself. `off`: none.',
    ),
  ca: z.string().min(1).exactOptional().describe('Certificates to trust, PEM. Default: those that Node.js trusts.'),
})

const pool: z.ZodType<MysqlPoolOptions> = z
  .strictObject({
    max: z.int().min(2).max(200).default(10).describe('Sessions of the database at once.'),
    reserved: z
      .int()
      .min(1)
      .max(100)
      .default(2)
      .describe('Sessions of these that only cheap statements take, so that they never wait behind slow ones.'),
    connectTimeoutMs: z.int().min(1).max(600_000).default(10_000).describe('Milliseconds that connecting may take.'),
    idleMs: z.int().min(1).max(86_400_000).default(60_000).describe('Milliseconds after which an unused session ends.'),
  })
  .refine(({ max, reserved }) => reserved < max, { error: '`reserved` must be less than `max`' })

const identity: z.ZodType<MysqlIdentityOptions> = z.strictObject({
  role: z.string().min(1).max(128).exactOptional().describe('Role of the database that statements run under.'),
  settings: z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, { error: 'letters, digits and _, such as app_tenant' }),
      z.string().regex(/^(tenant|id|name|claims\.[A-Za-z0-9_.:/-]{1,128})$/, {
        error: 'tenant, id, name or claims.<name>',
      }),
    )
    .default({})
    .describe(
      'Variables of the session that a function can go by which your views call: `{ app_tenant: tenant }` makes `@app_tenant` the tenant of the caller; NULL if it has none.',
    ),
})

/** The options of a connector of type `mysql`, with their defaults. */
export const mysqlConnectorOptions: z.ZodType<
  MysqlConnectorOptions,
  unknown,
  Discriminable<MysqlConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('mysql').describe('Kind of the connector: MySQL or MariaDB.'),
  url: z
    .string()
    .regex(/^(mysql|mariadb):\/\/\S+$/, { error: 'a URL such as mysql://login:password@host:3306/database' })
    .describe('Where the database is, and the login; `?socket=/path` for a socket of this machine..'),
  prefix: prefixOption,
  schemas: z
    .array(z.string().min(1))
    .min(1)
    .exactOptional()
    .describe('Databases that are looked at. Default: that of the URL; all if it names none.'),
  tls: tls.prefault({}).describe('How the connection is protected.'),
  pool: pool.prefault({}).describe('Sessions of the database.'),
  identity: identity.prefault({}).describe('What the database is told of the caller.'),
  ...sqlOptions,
})
