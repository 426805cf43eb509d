import type { IncomingMessage } from 'node:http'
import type { ClientCertificate } from '../../identity/client-certificate.ts'
import type { Observer } from '../../observe/observation.ts'
import type { ServerOptions } from '../options.ts'
import { createClientAddresses } from './client-address.ts'
import { followFiles } from './follow-files.ts'
import { ForwardedCertificates } from './forwarded-certificate.ts'
import { TlsListener } from './tls-listener.ts'

/** What is known of whoever is at the other end, before a credential is looked at. */
export interface Callers {
  /** Makes the server where HTTPS is served. */
  readonly tls: Pick<TlsListener, 'createServer' | 'ends'> | undefined
  /** Throws `BAD_REQUEST` for what a trusted proxy says of it and cannot be read. */
  addressOf(request: IncomingMessage): string
  /** `undefined` where there is none. Throws `BAD_REQUEST` for one that somebody else than a trusted proxy hands on. */
  certificateOf(request: IncomingMessage): ClientCertificate | undefined
  /** Reads the files of certificates again. Never throws. */
  reload(): void
  close(): void
}

/** Plain HTTP without a proxy in front. */
export const directCallers: Callers = {
  tls: undefined,
  addressOf: ({ socket }) => socket.remoteAddress ?? '',
  certificateOf: () => undefined,
  reload: () => {},
  close: () => {},
}

/** What `openCallers` works with. */
export interface CallersOptions {
  readonly options: ServerOptions
  readonly observe: Observer
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** Reads the files of `server.tls` and `server.forwarded`, and follows them. Throws `CONFIG_INVALID`. */
export function openCallers({ options, observe, clock }: CallersOptions): Callers {
  const { tls, forwarded, trustedProxies } = options
  const addresses = createClientAddresses(trustedProxies, forwarded)
  const listener = tls === undefined ? undefined : new TlsListener({ tls, observe, clock })
  const { isFromProxy } = addresses
  const { certificate } = forwarded
  const handedOn =
    certificate === undefined
      ? undefined
      : new ForwardedCertificates({ options: certificate, isFromProxy, observe, clock })
  const reload = (): void => {
    listener?.reload()
    handedOn?.reload()
  }
  const files = [tls?.cert, tls?.key, tls?.clientCa, tls?.crl, certificate?.clientCa, certificate?.crl]
  const close = followFiles([...new Set(files.filter((file) => file !== undefined))], reload)
  return {
    tls: listener,
    addressOf: (request) => addresses.of(request),
    // Behind a proxy the certificate of the connection is the proxy's own, and never the caller's.
    certificateOf: (request) =>
      handedOn?.of(request) ?? (isFromProxy(request) ? undefined : listener?.certificateOf(request)),
    reload,
    close,
  }
}
