import type { AddressInfo } from 'node:net'
import type { HttpEdge } from '../edge/http/serve-http.ts'
import type { ServerOptions } from '../edge/options.ts'
import { ToolgateError } from '../errors.ts'

/** Begins to listen; resolves to the port. Rejects with `ADDRESS_IN_USE`. */
export function listenOn({ server }: HttpEdge, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(cause, host, port)))
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => resolve((server.address() as AddressInfo).port))
  })
}

/** What is listened on, as an origin. */
export function originOf({ tls }: Pick<ServerOptions, 'tls'>, host: string, port: number): string {
  return `${tls === undefined ? 'http' : 'https'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): ToolgateError {
  if (cause.code === 'EADDRINUSE') {
    return new ToolgateError({
      code: 'ADDRESS_IN_USE',
      message: `Port ${port} on ${host} is taken by another process.`,
      hint: 'Stop that process, or choose another port: PORT=3001, --port 3001 or server.port.',
      cause,
    })
  }
  return new ToolgateError({
    code: 'ADDRESS_IN_USE',
    message: `Cannot listen on ${host} port ${port}: ${cause.code ?? cause.message}.`,
    hint: 'Choose another host or port.',
    cause,
  })
}
