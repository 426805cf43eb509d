import type { GrantOptions } from './options.ts'
import type { Principal } from './principal.ts'

/** The caller of a transport that only this machine's user can reach: stdio, or in process. */
export function localPrincipal(grant: GrantOptions): Principal {
  return Object.freeze({ id: 'local', name: 'local', kind: 'local', ...attributesOf(grant) })
}

/** An HTTP caller without a credential, where the configuration lets one in. All of them are the same principal. */
export function anonymousPrincipal(grant: GrantOptions): Principal {
  return Object.freeze({ id: 'anonymous', name: 'anonymous', kind: 'anonymous', ...attributesOf(grant) })
}

function attributesOf({ roles, tenant, claims }: GrantOptions): Pick<Principal, 'roles' | 'tenant' | 'claims'> {
  return {
    roles: Object.freeze([...roles]),
    ...(tenant === undefined ? {} : { tenant }),
    ...(claims === undefined ? {} : { claims }),
  }
}
