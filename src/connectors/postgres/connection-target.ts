import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import type { ClientConfig } from 'pg'
import { ToolgateError } from '../../errors.ts'
import type { TlsOptions } from './options.ts'

/** Where a server is, who logs in, and how the connection is protected. */
export interface ConnectionTarget {
  /** For people: host and port, without the login's password. */
  readonly address: string
  readonly user: string
  readonly config: ClientConfig
}

/**
 * What the URL says. Throws `CONFIG_INVALID` for a parameter that is not known: one that is misspelt would otherwise be
 * a protection that is not there.
 */
export function readTarget(text: string, tls: TlsOptions, connectTimeoutMs: number): ConnectionTarget {
  const url = parseUrl(text)
  const host = decodeURIComponent(url.searchParams.get('host') ?? url.hostname).replace(/^\[(.*)\]$/, '$1')
  const unknown = [...url.searchParams.keys()].filter((name) => name !== 'host' && name !== 'application_name')
  if (unknown.length > 0 || host === '' || url.username === '') {
    const what =
      unknown.length > 0 ? `has a parameter that is not known: ${unknown.join(', ')}` : 'names no host or login'
    throw invalid(`The URL of the database ${what}.`)
  }
  const user = decodeURIComponent(url.username)
  const port = url.port === '' ? 5432 : Number(url.port)
  return {
    address: host.startsWith('/') ? host : `${host}:${port}`,
    user,
    config: {
      host,
      port,
      user,
      // As a function: an empty text would make the driver look into PGPASSWORD and ~/.pgpass.
      password: () => decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)) || user,
      application_name: url.searchParams.get('application_name') ?? 'toolgate',
      ssl: writeTls(tls, host),
      connectionTimeoutMillis: connectTimeoutMs,
      keepAlive: true,
    },
  }
}

function parseUrl(text: string): URL {
  try {
    const url = new URL(text)
    for (const part of [url.username, url.password, url.hostname, url.pathname]) decodeURIComponent(part)
    return url
  } catch {
    // The reason would quote the password.
    throw invalid('The URL of the database cannot be read.')
  }
}

function invalid(message: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message,
    hint: 'Write postgres://login:password@host:5432/database; in login and password, %40 for @ and %2F for /.',
  })
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/

function writeTls({ mode, ca, servername }: TlsOptions, host: string): ConnectionOptions | false {
  const isLocal = host.startsWith('/') || LOOPBACK.test(host)
  if (mode === 'off' || host.startsWith('/') || (mode === 'auto' && isLocal)) return false
  return {
    rejectUnauthorized: mode !== 'unverified',
    ...(ca !== undefined && { ca }),
    // The driver names the host to the server whatever is set here, so the name is held against the certificate only.
    ...(servername !== undefined && {
      checkServerIdentity: (_host: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
        checkServerIdentity(servername, certificate),
    }),
  }
}
