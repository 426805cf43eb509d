import { Buffer } from 'node:buffer'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import type { ConnectionOptions } from 'mysql2'
import { ToolgateError } from '../../errors.ts'
import type { MysqlConnectorOptions } from './options.ts'

/** Where the server is, and how it is talked to. */
export interface MysqlTarget {
  readonly host: string
  readonly port: number
  readonly socketPath?: string
  readonly user: string
  readonly database?: string
  readonly connectTimeoutMs: number
  /** For the driver. */
  readonly options: ConnectionOptions
}

/** Reads the URL. Throws `CONNECTOR_FAILED`, without the URL: it holds a password. */
export function readTarget({
  name,
  url,
  tls,
  pool,
}: Pick<MysqlConnectorOptions, 'name' | 'url' | 'tls' | 'pool'>): MysqlTarget {
  const { host, port, user, password, database, socketPath } = parseUrl(name, url)
  const isLocal = socketPath !== undefined || /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host)
  const isEncrypted = tls.mode === 'verify' || (tls.mode === 'auto' && !isLocal)
  // The driver would hold the certificate against `localhost` instead.
  if (isEncrypted && isIP(host) !== 0) throw unverifiable(name)
  return {
    host,
    port,
    user,
    connectTimeoutMs: pool.connectTimeoutMs,
    ...(database === undefined ? {} : { database }),
    ...(socketPath === undefined ? {} : { socketPath }),
    options: {
      ...FIXED,
      host,
      port,
      user,
      password,
      connectTimeout: pool.connectTimeoutMs,
      ...(database === undefined ? {} : { database }),
      ...(isEncrypted
        ? { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(tls.ca === undefined ? {} : { ca: tls.ca }) } }
        : {}),
    },
  }
}

/** What no configuration changes: values exact, one statement at a time, no file of this machine for the server. */
const FIXED: ConnectionOptions = {
  multipleStatements: false,
  flags: ['-LOCAL_FILES', '-MULTI_STATEMENTS'],
  infileStreamFactory: () => Readable.from([Buffer.alloc(0)]),
  charset: 'UTF8MB4_GENERAL_CI',
  timezone: 'Z',
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  jsonStrings: true,
  rowsAsArray: true,
  namedPlaceholders: false,
  // Code made from the names of columns would run in this process.
  disableEval: true,
  typeCast: (field, next) => (field.type === 'GEOMETRY' ? field.buffer() : next()),
}

function parseUrl(name: string, text: string) {
  if (!URL.canParse(text)) throw unreadable(name)
  const url = new URL(text)
  try {
    const database = decodeURIComponent(url.pathname.slice(1))
    const socketPath = url.searchParams.get('socket')
    const unknown = [...url.searchParams.keys()].find((key) => key !== 'socket')
    if (unknown !== undefined) throw unreadable(name)
    return {
      host: decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '') || 'localhost',
      port: url.port === '' ? 3306 : Number(url.port),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: database === '' ? undefined : database,
      socketPath: socketPath ?? undefined,
    }
  } catch {
    throw unreadable(name)
  }
}

function unverifiable(name: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The url of "${name}" names its server by an address, whose certificate cannot be checked.`,
    hint: 'Write the name that the certificate is for, or set tls.mode to "off" for a network that you trust.',
  })
}

function unreadable(name: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The url of "${name}" cannot be read.`,
    hint: 'Write mysql://login:password@host:3306/database, with what is special percent-encoded, and nothing but ?socket= behind it.',
  })
}
