import type { Config } from '../config/config.ts'
import type { HttpAccess } from '../edge/http/serve-http.ts'
import type { Access } from './access.ts'
import type { Authorization } from './authorization.ts'

/** Whoever asks is answered by the configuration of that moment. */
export function currentAccess(access: () => Access, config: () => Config, authorization: Authorization): HttpAccess {
  return {
    get keyHeader() {
      return config().access.keyHeader
    },
    get authenticator() {
      return access().authenticator
    },
    get anonymous() {
      return access().anonymous
    },
    get signIn() {
      return authorization.current
    },
  }
}
