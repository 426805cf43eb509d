import { ToolgateError } from '../../errors.ts'
import type { ConnectionTarget } from './connection-target.ts'

/** Why no session could be opened, with what to do about it. */
export function toConnectFailure(thrown: unknown, target: ConnectionTarget | undefined): ToolgateError {
  const { address, user } = target ?? { address: 'its address', user: 'of the URL' }
  const [message, hint] = explain(thrown, address, user)
  return new ToolgateError({ code: 'CONNECTOR_FAILED', message, hint, cause: thrown })
}

function explain(thrown: unknown, address: string, user: string): readonly [message: string, hint: string] {
  const { code = '', message = '' } = (thrown ?? {}) as { code?: string; message?: string }
  if (code === '28P01' || code === '28000') {
    return [
      `The PostgreSQL server at ${address} refuses the login ${user} (${code}).`,
      'Check login, password and pg_hba.conf; a password that was changed has to be changed in the configuration too.',
    ]
  }
  if (code === '3D000') return [`There is no such database at ${address}.`, 'Check the path of the URL.']
  if (code === '53300') return [`The server at ${address} has no connection left.`, 'Lower pool.max, or allow more.']
  if (/does not support SSL/.test(message)) {
    return [
      `The PostgreSQL server at ${address} does not offer TLS, so no password was sent.`,
      'Turn on ssl in the server, or set tls.mode to "off" for a network that you trust.',
    ]
  }
  if (/CERT|SELF_SIGNED|ALTNAME|UNABLE_TO/.test(code)) {
    return [
      `The certificate of the PostgreSQL server at ${address} is not trusted (${code}).`,
      'Give its authority as tls.ca, and the name it is for as tls.servername.',
    ]
  }
  return [`The PostgreSQL server at ${address} cannot be reached.`, 'Check host, port and firewall, and that it runs.']
}
