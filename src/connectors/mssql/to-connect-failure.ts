import { ToolgateError } from '../../errors.ts'
import { PlainServerError } from './open-socket.ts'
import type { MssqlSettings } from './settings.ts'

/** Why no session could be opened, with what to do about it. */
export function toConnectFailure(thrown: unknown, { host, port = 1433, user, tls }: MssqlSettings): ToolgateError {
  const where = `${host}:${port}`
  const text =
    thrown instanceof Error ? `${thrown.message} ${String((thrown.cause as Error | undefined)?.message)}` : ''
  const because = (message: string, hint: string): ToolgateError =>
    new ToolgateError({ code: 'CONNECTOR_FAILED', message, hint, cause: thrown })
  if (thrown instanceof PlainServerError) {
    return because(
      `The SQL Server at ${where} does not offer encryption, so no password was sent.`,
      'Install a certificate in the server, or write tls.mode: off for a server on this machine.',
    )
  }
  if (/certificate|altnames|self-signed/i.test(text)) {
    return because(
      `The certificate of the SQL Server at ${where} is not trusted.`,
      `Name its authority in tls.ca${tls.serverName === undefined ? ', or the name it has in tls.servername' : ''}.`,
    )
  }
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ELOGIN') {
    return because(`The SQL Server at ${where} refuses the login ${user}.`, 'Check user, password and database.')
  }
  return because(`The SQL Server at ${where} cannot be reached.`, 'Check host, port and firewall, and that it runs.')
}
