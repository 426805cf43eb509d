import { z } from 'zod'
import {
  type Discriminable,
  type SharedConnectorInput,
  type SharedConnectorOptions,
  sharedConnectorOptions,
} from '../options.ts'
import { prefixOption, type SqlInput, type SqlOptions, sqlOptions } from '../sql/options.ts'

/** A connector of type `postgres` in the configuration. */
export interface PostgresConnectorOptions extends SharedConnectorOptions, SqlOptions {
  readonly type: 'postgres'
  readonly url: string
  readonly replicaUrl?: string
  readonly prefix?: string
  readonly schemas?: readonly string[]
  readonly tls: TlsOptions
  readonly pool: PoolSizeOptions
  readonly identity: IdentityOptions
}

/** The same as it may be written. */
export type PostgresConnectorInput = SharedConnectorInput &
  SqlInput & { readonly type: 'postgres'; readonly url: string } & Partial<
    Pick<PostgresConnectorOptions, 'replicaUrl' | 'prefix' | 'schemas' | 'tls' | 'pool' | 'identity'>
  >

export interface TlsOptions {
  readonly mode: 'auto' | 'verify' | 'unverified' | 'off'
  /** PEM. */
  readonly ca?: string
  readonly servername?: string
}

export interface PoolSizeOptions {
  readonly max: number
  readonly reserved: number
  readonly connectTimeoutMs: number
  readonly idleMs: number
}

export interface IdentityOptions {
  readonly role?: string
  readonly settings: Readonly<Record<string, string>>
}

const tls: z.ZodType<TlsOptions> = z.strictObject({
  mode: z
    .enum(['auto', 'verify', 'unverified', 'off'])
    .default('auto')
    .describe(
      'How it is protected. `verify`: TLS with a certificate that fits the host. `auto`: the same, but without TLS to this machine itself. `unverified`: TLS with any certificate. `off`: none.',
    ),
  ca: z.string().min(1).exactOptional().describe('Certificates to trust, PEM. Default: those that Node.js trusts.'),
  servername: z
    .string()
    .min(1)
    .exactOptional()
    .describe('Name that the certificate must be for. Default: the host of the URL.'),
})

const pool: z.ZodType<PoolSizeOptions> = z
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

const identity: z.ZodType<IdentityOptions> = z.strictObject({
  role: z
    .string()
    .min(1)
    .exactOptional()
    .describe(
      'Role of the database that statements run under; `{tenant}`, `{id}` and `{claims.<name>}` stand for what is known of the caller, such as `tenant_{tenant}`. The login must be a member of it.',
    ),
  settings: z
    .record(
      z.string().regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/, { error: 'a name with a dot, such as app.tenant' }),
      z.string().regex(/^(tenant|id|name|claims\.[A-Za-z0-9_.:/-]{1,128})$/, {
        error: 'tenant, id, name or claims.<name>',
      }),
    )
    .default({})
    .describe(
      "Settings of the session by which row-level security can go, by name: `{ app.tenant: tenant }` makes `current_setting('app.tenant', true)` the tenant of the caller.",
    ),
})

/** The options of a connector of type `postgres`, with their defaults. */
export const postgresConnectorOptions: z.ZodType<
  PostgresConnectorOptions,
  unknown,
  Discriminable<PostgresConnectorOptions>
> = z.strictObject({
  ...sharedConnectorOptions,
  type: z.literal('postgres').describe('Kind of the connector.'),
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, { error: 'a URL such as postgres://login:password@host:5432/database' })
    .describe(
      'Where the database is, and the login. Take it from the environment, with the name of a variable in braces after a dollar.',
    ),
  replicaUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\/\S+$/, { error: 'a URL such as postgres://login:password@host:5432/database' })
    .exactOptional()
    .describe('A replica that everything which only reads is sent to.'),
  prefix: prefixOption,
  schemas: z.array(z.string().min(1)).min(1).exactOptional().describe('Schemas that are looked at. Default: all.'),
  tls: tls.prefault({}).describe('How the connection is protected.'),
  pool: pool.prefault({}).describe('Sessions of the database.'),
  identity: identity.prefault({}).describe('What the database is told of the caller.'),
  ...sqlOptions,
})
