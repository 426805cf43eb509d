import type { IncomingMessage, ServerResponse } from 'node:http'
import type Provider from 'oidc-provider'
import type { Observer } from '../observe/observation.ts'
import type { Buckets } from './buckets.ts'
import type { PageCookies } from './cookies.ts'
import type { Packages } from './load-packages.ts'
import type { EmbeddedOptions } from './options.ts'
import type { Passwords } from './passwords.ts'
import type { SignInAttempts } from './sign-in-attempts.ts'
import type { Users } from './users.ts'

/** What the pages work with. */
export interface ServerParts {
  readonly oidc: Packages['oidc']
  readonly options: EmbeddedOptions
  readonly issuer: string
  readonly resource: string
  /** Scopes that these roles grant. */
  readonly scopesOf: (roles: readonly string[]) => readonly string[]
  /** What a scope allows, in words. */
  readonly describeScope: (scope: string) => string | undefined
  /** Names of all roles. */
  readonly roles: readonly string[]
  readonly users: Users
  readonly passwords: Passwords
  readonly attempts: SignInAttempts
  readonly buckets: Buckets
  readonly cookies: PageCookies
  readonly observer: Observer
  readonly wait: (ms: number) => Promise<void>
  /** With the keys of now. */
  readonly provider: () => Provider
}

/** A request for a page, and where its answer goes. */
export interface PageExchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Path without the query. */
  readonly path: string
}
