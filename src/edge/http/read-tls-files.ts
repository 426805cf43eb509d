import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ToolgateError } from '../../errors.ts'
import { type CertificateTrust, createCertificateTrust, readCertificates } from '../../identity/certificate-trust.ts'
import type { TlsOptions } from '../options.ts'

/** What the files of `server.tls` hold, all of it checked. */
export interface TlsMaterial {
  /** PEM. */
  readonly cert: string
  readonly key: string
  readonly ca?: string
  readonly crl?: string
  /** Whom clients' certificates are believed from; absent where clients are not asked for one. */
  readonly trust: CertificateTrust | undefined
  /** When the server's own certificate stops being valid, in milliseconds since the epoch. */
  readonly notAfter: number
}

type Option = 'cert' | 'key' | 'clientCa' | 'crl'

/**
 * Reads the files of `server.tls`. Throws `CONFIG_INVALID` naming the option for one that cannot be used: unreadable, readable
 * by others, expired, not matching.
 */
export function readTlsFiles(options: TlsOptions, now: number): TlsMaterial {
  const cert = readText('cert', options.cert)
  const certificate = readOwnCertificate(cert, options, now)
  refuseExposed(options.key)
  const key = readText('key', options.key)
  const keyObject = readKey(key, options)
  if (!certificate.checkPrivateKey(keyObject)) {
    throw mistaken('key', options.key, 'is not the key of the certificate in server.tls.cert')
  }
  const ca = options.clientCa === undefined ? undefined : readText('clientCa', options.clientCa)
  const crl = options.crl === undefined ? undefined : readText('crl', options.crl)
  const trust = ca === undefined ? undefined : readTrust({ ca, crl }, options)
  const material = { cert, key, ...(ca === undefined ? {} : { ca }), ...(crl === undefined ? {} : { crl }) }
  requireUsable(material, options)
  return { ...material, trust, notAfter: Date.parse(certificate.validTo) }
}

function readOwnCertificate(pem: string, { cert }: TlsOptions, now: number): X509Certificate {
  const [certificate] = attempt('cert', cert, 'holds no certificate in PEM', () => readCertificates(pem))
  if (certificate === undefined) throw mistaken('cert', cert, 'holds no certificate in PEM')
  if (now > Date.parse(certificate.validTo)) throw mistaken('cert', cert, `expired on ${certificate.validTo}`)
  if (now < Date.parse(certificate.validFrom))
    throw mistaken('cert', cert, `is not valid before ${certificate.validFrom}`)
  return certificate
}

/** What others can read is not a secret any more. */
function refuseExposed(path: string): void {
  const stats = attempt('key', path, 'cannot be read', () => statSync(path))
  if (process.platform === 'win32' || (stats.mode & 0o077) === 0) return
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
  throw new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `server.tls.key: ${path} may be read by others than its owner (mode ${mode}).`,
    hint: `chmod 600 ${path}`,
  })
}

function readKey(pem: string, { key }: TlsOptions): KeyObject {
  if (/ENCRYPTED/.test(pem)) throw mistaken('key', key, 'is encrypted; a key without passphrase is needed')
  return attempt('key', key, 'holds no private key in PEM', () => createPrivateKey(pem))
}

interface TrustTexts {
  readonly ca: string
  readonly crl: string | undefined
}

function readTrust({ ca, crl }: TrustTexts, options: TlsOptions): CertificateTrust {
  const withoutLists = readPart('clientCa', options.clientCa ?? '', () => createCertificateTrust({ clientCa: ca }))
  if (crl === undefined) return withoutLists
  return readPart('crl', options.crl ?? '', () => createCertificateTrust({ clientCa: ca, crl }))
}

function readPart<Value>(option: Option, path: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    const reason = cause instanceof RangeError ? cause.message : 'It is not PEM that OpenSSL can read.'
    throw mistaken(option, path, `cannot be used. ${reason.replace(/\.$/, '')}`, cause)
  }
}

/** OpenSSL has the last word: it will read the same texts for every handshake. */
function requireUsable(material: Parameters<typeof createSecureContext>[0], { cert }: TlsOptions): void {
  attempt('cert', cert, 'and the other files of server.tls cannot be used by OpenSSL', () =>
    createSecureContext(material),
  )
}

function readText(option: Option, path: string): string {
  return attempt(option, path, 'cannot be read', () => readFileSync(path, 'utf8'))
}

function attempt<Value>(option: Option, path: string, problem: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw mistaken(option, path, code === undefined ? problem : `${problem} (${code})`, cause)
  }
}

function mistaken(option: Option, path: string, problem: string, cause?: unknown): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `server.tls.${option}: ${path} ${problem}.`,
    hint: 'docs/how-to/serve-over-tls.md shows how the files are made.',
    ...(cause === undefined ? {} : { cause }),
  })
}
