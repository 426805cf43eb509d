import type { Principal } from './principal.ts'

/** The caller of a transport that only this machine's user can reach: stdio, or in process. */
export function localPrincipal(roles: readonly string[], name = 'local'): Principal {
  return Object.freeze({ id: 'local', name, kind: 'local', roles: Object.freeze([...roles]) })
}

/** An HTTP caller without a credential, where the configuration lets one in. All of them are the same principal. */
export function anonymousPrincipal(roles: readonly string[]): Principal {
  return Object.freeze({ id: 'anonymous', name: 'anonymous', kind: 'anonymous', roles: Object.freeze([...roles]) })
}
