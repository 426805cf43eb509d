import { createHmac } from 'node:crypto'
import type { AuthorizationServer } from '../authorization-server/create-authorization-server.ts'
import type { Packages } from '../authorization-server/load-packages.ts'
import type { Secrets } from '../authorization-server/seal.ts'
import type { Config } from '../config/config.ts'
import { createSealer } from '../edge/seal.ts'
import type { Pepper } from '../identity/pepper.ts'
import type { Observer } from '../observe/observation.ts'
import type { Guards } from '../pipeline/guards.ts'
import type { Storage } from '../storage/open-storage.ts'
import { allOf } from './compile-catalog.ts'

interface Parts {
  readonly pepper: Pepper
  readonly storage: Storage
  readonly observer: Observer
  readonly clock: () => number
  /** Of the moment. */
  readonly guards: () => Pick<Guards, 'policy' | 'catalog'>
}

/** The embedded authorization server of the configuration that is served. */
export class Authorization {
  readonly #parts: Parts
  #listensAt: string | undefined
  #current: AuthorizationServer | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Absent where the configuration has none, and until it listens. */
  get current(): AuthorizationServer | undefined {
    return this.#current
  }

  /**
   * Loads what a configuration needs, rejecting with `NOT_CONFIGURED` where it is missing; answers how to take it over, which
   * cannot fail. The origin that is listened on is given once.
   */
  async prepare(config: Config): Promise<(listensAt?: string) => void> {
    const loaded = config.access.oauth?.embedded === undefined ? undefined : await load()
    return (listensAt) => {
      this.#listensAt = listensAt ?? this.#listensAt
      const isServed = loaded !== undefined && this.#listensAt !== undefined
      this.#current = isServed ? this.#create(config, loaded, this.#listensAt ?? '') : undefined
    }
  }

  #create(config: Config, { packages, create }: Loaded, listensAt: string): AuthorizationServer | undefined {
    const options = config.access.oauth?.embedded
    if (options === undefined) return undefined
    const { roles, scopes } = config.access
    const { pepper, guards, ...parts } = this.#parts
    const issuer = config.server.publicUrl ?? listensAt
    return create({
      ...{ ...parts, packages, options, issuer, resource: `${issuer}${config.server.path}` },
      scopesOf: (names) => {
        const { policy, catalog } = guards()
        return scopesOf(config.access, names, policy.scopesOf(names, allOf(catalog)))
      },
      describeScope: (scope) => (Object.hasOwn(scopes, scope) ? scopes[scope]?.description : undefined),
      roles: Object.keys(roles),
      secrets: authorizationSecrets(pepper),
    })
  }
}

interface Loaded {
  readonly packages: Packages
  readonly create: typeof import('../authorization-server/create-authorization-server.ts').createAuthorizationServer
}

/** Its code is loaded where it serves. */
async function load(): Promise<Loaded> {
  const [{ loadPackages }, { createAuthorizationServer: create }] = await Promise.all([
    import('../authorization-server/load-packages.ts'),
    import('../authorization-server/create-authorization-server.ts'),
  ])
  return { packages: await loadPackages(), create }
}

/** What the authorization server derives from the pepper, which is made where there is none. */
export function authorizationSecrets(pepper: Pepper): Secrets {
  const key = (purpose: string): Uint8Array =>
    createHmac('sha256', pepper.readOrCreate()).update(`toolgate ${purpose} 1`).digest()
  return { key, sealer: createSealer(key('oauth storage')) }
}

/** The scopes that roles grant, those of what they allow, and what these imply, each once. */
function scopesOf(
  { roles, scopes }: Config['access'],
  names: readonly string[],
  usable: readonly string[],
): readonly string[] {
  const granted = new Set([...names.flatMap((name) => roles[name]?.scopes ?? []), ...usable])
  // A set goes on to what is added to it meanwhile.
  for (const scope of granted) {
    const implied = Object.hasOwn(scopes, scope) ? (scopes[scope]?.implies ?? []) : []
    for (const each of implied) granted.add(each)
  }
  return [...granted].sort()
}
