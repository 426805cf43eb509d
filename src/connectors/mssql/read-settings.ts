import { ToolgateError } from '../../errors.ts'
import type { MssqlConnectorOptions } from './options.ts'
import type { MssqlSettings, TlsSettings } from './settings.ts'

/** What the options say, read for the driver. Throws `CONNECTOR_FAILED` for a URL that cannot be read, without quoting it. */
export function readSettings({
  url: text,
  tls,
  pool,
}: Pick<MssqlConnectorOptions, 'url' | 'tls' | 'pool'>): MssqlSettings {
  const { host, port, user, password, database } = readUrl(text)
  return {
    host,
    ...(port !== undefined && { port }),
    database,
    user,
    password,
    tls: toTlsSettings(tls),
    pool: {
      max: pool.max,
      reserved: pool.reserved,
      idleMs: pool.idleMs,
      acquireMs: pool.connectTimeoutMs,
      connectMs: pool.connectTimeoutMs,
    },
  }
}

type Address = Pick<MssqlSettings, 'host' | 'port' | 'database' | 'user' | 'password'>

function readUrl(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) throw invalid('cannot be read')
  // One that is misspelt would otherwise be a protection that is not there.
  if (url.search !== '' || url.hash !== '') throw invalid('has parameters, and there are none')
  const address = {
    host: decode(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.slice(1)),
    ...(url.port !== '' && { port: Number(url.port) }),
  }
  if (address.host === '' || address.user === '') throw invalid('names no host or login')
  if (address.database === '') throw invalid('names no database')
  return address
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // The reason would quote the password.
    throw invalid('cannot be read')
  }
}

function invalid(why: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The URL of the database ${why}.`,
    hint: 'Write mssql://login:password@host:1433/database; in login and password, %40 for @ and %2F for /.',
  })
}

function toTlsSettings({ mode, ca, servername }: MssqlConnectorOptions['tls']): TlsSettings {
  return {
    mode: mode === 'verify' ? 'encrypted' : mode,
    ...(ca !== undefined && { ca }),
    ...(servername !== undefined && { serverName: servername }),
  }
}
