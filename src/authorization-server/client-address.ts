import type { IncomingMessage } from 'node:http'

const addresses = new WeakMap<IncomingMessage, string>()

/** Notes whom a request comes from, where a proxy that is trusted tells. */
export function noteAddress(request: IncomingMessage, address: string): void {
  addresses.set(request, address)
}

/** Whom a request comes from: attempts and requests are counted by it. */
export function addressOf(request: IncomingMessage): string {
  return addresses.get(request) ?? request.socket.remoteAddress ?? ''
}
