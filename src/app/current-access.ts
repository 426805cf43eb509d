import type { Config } from '../config/config.ts'
import type { HttpAccess } from '../edge/http/serve-http.ts'
import type { Access } from './access.ts'
import type { Authorization } from './authorization.ts'

/** Who is let in over HTTP, by the configuration of the moment in which it is asked. */
export function currentAccess(now: () => readonly [Access, Config], authorization: Authorization): HttpAccess {
  return {
    get keyHeader() {
      return now()[1].access.keyHeader
    },
    get authenticator() {
      return now()[0].authenticator
    },
    get anonymous() {
      return now()[0].anonymous
    },
    get resource() {
      return now()[0].resource
    },
    get signIn() {
      return authorization.current
    },
  }
}
