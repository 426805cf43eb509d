import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../../errors.ts'
import { putBounded } from '../../identity/bounded-map.ts'
import {
  type CertificateChain,
  type CertificateTrust,
  createCertificateTrust,
} from '../../identity/certificate-trust.ts'
import type { ClientCertificate } from '../../identity/client-certificate.ts'
import { headerValues } from '../../identity/credentials.ts'
import { type CertificateFields, readCertificate } from '../../identity/read-certificate.ts'
import type { Observer } from '../../observe/observation.ts'
import type { ForwardedCertificateOptions } from '../options.ts'

/** What the reading of forwarded certificates works with. */
export interface ForwardedCertificateParts {
  readonly options: ForwardedCertificateOptions
  readonly isFromProxy: (request: IncomingMessage) => boolean
  readonly observe: Observer
  readonly clock: () => number
}

interface Known {
  readonly fields: CertificateFields
  readonly chain: CertificateChain
}

const MAX_KNOWN = 1000
const MAX_LENGTH = 12_000

/**
 * The certificate that a trusted proxy has checked and hands on in a header. It is checked here once more: a proxy that is told
 * not to verify, and a revocation it has not heard of, let nobody in.
 */
export class ForwardedCertificates {
  readonly #parts: ForwardedCertificateParts
  readonly #header: string
  readonly #known = new Map<string, Known>()
  #files: { readonly ca: string; readonly crl: string | undefined }
  #trust: CertificateTrust

  constructor(parts: ForwardedCertificateParts) {
    this.#parts = parts
    this.#header = parts.options.header.toLowerCase()
    this.#files = readFiles(parts.options)
    this.#trust = createTrust(this.#files)
  }

  /** The certificate of the client behind the proxy. Throws `BAD_REQUEST` for one that is there twice, or not from a proxy. */
  of(request: IncomingMessage): ClientCertificate | undefined {
    const values = headerValues(request.rawHeaders, this.#header)
    const [value] = values
    if (value === undefined) return undefined
    if (!this.#parts.isFromProxy(request)) throw this.#refused('is not believed from this address')
    if (values.length > 1) throw this.#refused('is there twice')
    // nginx sends an empty one where the client had none.
    if (value.trim() === '') return undefined
    const { fields, chain } = this.#known.get(value) ?? this.#read(value)
    return { fields, findProblem: () => this.#trust.findProblem(chain, this.#parts.clock()) }
  }

  /** Reads the files again; one that cannot be used changes nothing. Never throws. */
  reload(): void {
    const { observe, options } = this.#parts
    try {
      const files = readFiles(options)
      if (files.ca === this.#files.ca && files.crl === this.#files.crl) return
      this.#trust = createTrust(files)
      this.#files = files
      observe({ type: 'tls.reloaded', message: 'The files of server.forwarded.certificate were taken over' })
    } catch (cause) {
      const message = 'The files of server.forwarded.certificate were not taken over; those before are still in use'
      const reason = cause instanceof Error ? cause.message : 'unknown'
      observe({ type: 'tls.refused', message, details: { reason } })
    }
  }

  #read(value: string): Known {
    try {
      const certificate = new X509Certificate(decode(value.slice(0, MAX_LENGTH)))
      const known = { fields: readCertificate(certificate.raw), chain: [certificate] }
      putBounded(this.#known, [value, known], MAX_KNOWN)
      return known
    } catch {
      throw this.#refused('holds no certificate')
    }
  }

  #refused(problem: string): ToolgateError {
    return new ToolgateError({ code: 'BAD_REQUEST', message: `The header ${this.#header} ${problem}.` })
  }
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/** `:base64:` of RFC 9440 §2.1, PEM with percent signs, or base64. */
function decode(value: string): Uint8Array | string {
  const text = value.trim()
  if (text.startsWith('-----') || text.startsWith('%2D') || text.startsWith('%2d')) return decodeURIComponent(text)
  const base64 = /^:(.*):$/.exec(text)?.[1] ?? text
  if (!BASE64.test(base64)) throw new RangeError('That is no base64.')
  return Buffer.from(base64, 'base64')
}

function readFiles({ clientCa, crl }: ForwardedCertificateOptions): { ca: string; crl: string | undefined } {
  const read = (option: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8')
    } catch (cause) {
      throw mistaken(option, `${path} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause)
    }
  }
  return { ca: read('clientCa', clientCa), crl: crl === undefined ? undefined : read('crl', crl) }
}

function createTrust({ ca, crl }: { readonly ca: string; readonly crl: string | undefined }): CertificateTrust {
  try {
    return createCertificateTrust({ clientCa: ca, crl })
  } catch (cause) {
    const reason = cause instanceof RangeError ? cause.message : 'It is not PEM that OpenSSL can read.'
    throw mistaken(crl === undefined ? 'clientCa' : 'clientCa or crl', reason.replace(/\.$/, ''), cause)
  }
}

function mistaken(option: string, problem: string, cause: unknown): ToolgateError {
  return new ToolgateError({
    code: 'CONFIG_INVALID',
    message: `server.forwarded.certificate.${option}: ${problem}.`,
    cause,
  })
}
