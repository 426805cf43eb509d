import { constants, type X509Certificate } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerOptions, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { ClientCertificate } from '../../identity/client-certificate.ts'
import { readCertificate } from '../../identity/read-certificate.ts'
import type { Observer } from '../../observe/observation.ts'
import type { TlsOptions } from '../options.ts'
import { readTlsFiles, type TlsMaterial } from './read-tls-files.ts'

/** What a TLS listener works with. */
export interface TlsListenerOptions {
  readonly tls: TlsOptions
  readonly observe: Observer
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** What is known of an open connection. */
interface Connected {
  readonly certificate: ClientCertificate | undefined
  /** What was valid when its handshake was made. */
  readonly material: TlsMaterial
  running: number
}

/** AEAD with forward secrecy alone (RFC 9325 §4.2); those of TLS 1.3 are Node's own. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':')
const HANDSHAKE_MS = 10_000
/** A client that asks for a new handshake on an open connection costs the server more than itself. */
const NO_RENEGOTIATION = constants.SSL_OP_NO_RENEGOTIATION

/**
 * HTTPS with what `server.tls` names. New files are taken over by `reload`; a certificate of a client is checked at the
 * handshake by OpenSSL, and again for every request on the connection, so that one which is revoked or expires in between lets
 * nobody in any more. Where clients are asked for one, no session is resumed: a resumed one is not verified again.
 *
 * Throws `CONFIG_INVALID` where a file cannot be used.
 */
export class TlsListener {
  readonly #options: TlsListenerOptions
  readonly #connected = new Map<TLSSocket, Connected>()
  #material: TlsMaterial
  #server: Server | undefined

  constructor(options: TlsListenerOptions) {
    this.#options = options
    this.#material = readTlsFiles(options.tls, options.clock())
  }

  /** When the server's own certificate and, where there are some, the first of the revocation lists end. */
  get ends(): { readonly certificate: number; readonly lists: number | undefined } {
    return { certificate: this.#material.notAfter, lists: this.#material.trust?.listsEndAt }
  }

  /** Makes the one server of this listener; it does not listen yet. */
  createServer(http: ServerOptions, handle: RequestListener): Server {
    const { clientCertificates } = this.#options.tls
    const isAsked = this.#material.trust !== undefined
    const server = createServer(
      {
        ...http,
        ...this.#secureContext(this.#material),
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: HANDSHAKE_MS,
        requestCert: isAsked,
        rejectUnauthorized: isAsked && clientCertificates !== 'optional',
      },
      (request, response) => this.#serve(request, response, handle),
    )
    server.prependListener('secureConnection', (socket) => this.#connect(socket))
    server.on('tlsClientError', (error, socket) => this.#refuse(error, socket))
    this.#server = server
    return server
  }

  /** The client's certificate on the connection of a request; `undefined` where it sent none. */
  certificateOf({ socket }: IncomingMessage): ClientCertificate | undefined {
    return this.#connected.get(socket as TLSSocket)?.certificate
  }

  /**
   * Reads the files again. Handshakes go by them from now on; connections whose certificate is no longer good are closed as
   * soon as nothing runs on them, others after their next answer. Where a file cannot be used nothing changes. Never throws.
   */
  reload(): void {
    const { tls, clock, observe } = this.#options
    try {
      const material = readTlsFiles(tls, clock())
      if (isSame(material, this.#material)) return
      this.#server?.setSecureContext(this.#secureContext(material))
      this.#material = material
      this.#closeBad()
      const details = { certificateEndsAt: new Date(material.notAfter).toISOString() }
      observe({ type: 'tls.reloaded', message: 'The files of server.tls were taken over', details })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'unknown'
      const message = 'The files of server.tls were not taken over; those before are still in use'
      observe({ type: 'tls.refused', message, details: { reason } })
    }
  }

  #secureContext({ cert, key, ca, crl }: TlsMaterial): SecureContextOptions {
    return {
      cert,
      key,
      ...(ca === undefined ? {} : { ca }),
      ...(crl === undefined ? {} : { crl }),
      ciphers: CIPHERS,
      honorCipherOrder: true,
      minVersion: this.#options.tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
      secureOptions: NO_RENEGOTIATION | (ca === undefined ? 0 : constants.SSL_OP_NO_TICKET),
    }
  }

  #connect(socket: TLSSocket): void {
    const certificate = this.#readCertificate(socket)
    this.#connected.set(socket, { certificate, material: this.#material, running: 0 })
    socket.once('close', () => this.#connected.delete(socket))
  }

  #readCertificate(socket: TLSSocket): ClientCertificate | undefined {
    const leaf = socket.getPeerX509Certificate()
    if (leaf === undefined) return undefined
    const chain = chainOf(leaf)
    const atHandshake = socket.authorized ? undefined : String(socket.authorizationError ?? 'not verified')
    const fields = readCertificate(leaf.raw)
    return {
      fields,
      findProblem: () => atHandshake ?? this.#material.trust?.findProblem(chain, this.#options.clock()),
    }
  }

  #serve(request: IncomingMessage, response: ServerResponse, handle: RequestListener): void {
    const connected = this.#connected.get(request.socket as TLSSocket)
    if (connected !== undefined) {
      connected.running += 1
      response.once('close', () => this.#end(request.socket as TLSSocket, connected))
      // The next request comes over a handshake of its own, which goes by the new files.
      const isOutdated = connected.certificate !== undefined && connected.material !== this.#material
      if (isOutdated || connected.certificate?.findProblem() !== undefined) response.shouldKeepAlive = false
    }
    handle(request, response)
  }

  #end(socket: TLSSocket, connected: Connected): void {
    connected.running -= 1
    if (connected.running === 0 && connected.certificate?.findProblem() !== undefined) socket.end()
  }

  #closeBad(): void {
    for (const [socket, { certificate, running }] of this.#connected) {
      if (running === 0 && certificate?.findProblem() !== undefined) socket.destroy()
    }
  }

  /** Port scanners and plain HTTP are not worth a line; a certificate that is refused is. */
  #refuse(_error: Error, socket: TLSSocket): void {
    const reason = socket.authorizationError as unknown as string | undefined
    const address = socket.remoteAddress ?? ''
    if (reason !== undefined && reason !== null) {
      this.#options.observe({ type: 'auth.refused', reason: `client certificate: ${reason}`, address })
    }
    socket.destroy()
  }
}

function chainOf(leaf: X509Certificate): X509Certificate[] {
  const chain: X509Certificate[] = []
  for (let next: X509Certificate | undefined = leaf; next !== undefined && chain.length < 10; ) {
    chain.push(next)
    const { issuerCertificate }: { issuerCertificate?: X509Certificate | undefined } = next
    next = issuerCertificate
  }
  return chain
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return one.cert === other.cert && one.key === other.key && one.ca === other.ca && one.crl === other.crl
}
