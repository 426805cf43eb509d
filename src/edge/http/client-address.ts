import type { IncomingMessage } from 'node:http'
import { ToolgateError } from '../../errors.ts'
import { createAddressRanges, plainAddress } from '../../identity/address-ranges.ts'
import { headerValues } from '../../identity/credentials.ts'
import type { ForwardedOptions } from '../options.ts'

/** Where requests come from, by way of which proxies. */
export interface ClientAddresses {
  /** Whether the connection of a request is one of a proxy that is trusted. */
  isFromProxy(request: IncomingMessage): boolean
  /**
   * The address of the client: the right-most in the header that is not a trusted proxy's, and the connection's own where that
   * is not a proxy's. Throws `BAD_REQUEST` for a trusted proxy's header that cannot be read.
   */
  of(request: IncomingMessage): string
}

const MAX_HOPS = 32

/** Reads `X-Forwarded-For` or `Forwarded` (RFC 7239) of trusted proxies; whatever others send in them is not looked at. */
export function createClientAddresses(
  trusted: readonly string[],
  { address: header }: ForwardedOptions,
): ClientAddresses {
  const proxies = createAddressRanges(trusted)
  const isFromProxy = ({ socket }: IncomingMessage): boolean => proxies.contains(socket.remoteAddress ?? '')
  return {
    isFromProxy,
    of(request) {
      const own = request.socket.remoteAddress ?? ''
      if (trusted.length === 0 || !isFromProxy(request)) return own
      const values = headerValues(request.rawHeaders, header)
      if (values.length > 1) throw unreadable(header, 'is there twice')
      const [value] = values
      if (value === undefined || value.trim() === '') return own
      const hops = header === 'forwarded' ? readForwarded(value) : value.split(',').map((hop) => hop.trim())
      if (hops.length > MAX_HOPS) throw unreadable(header, `names more than ${MAX_HOPS} addresses`)
      return findClient(hops, { own, isProxy: (address) => proxies.contains(address), header })
    },
  }
}

interface Chain {
  readonly own: string
  readonly isProxy: (address: string) => boolean
  readonly header: string
}

/** What is left of the first address that is not a proxy's was written by the client, so it is not even read. */
function findClient(hops: readonly string[], { own, isProxy, header }: Chain): string {
  let found = own
  for (const hop of [...hops].reverse()) {
    const address = plainAddress(withoutPort(hop))
    if (address === undefined) throw unreadable(header, 'has something else than an address in it')
    found = address
    if (!isProxy(address)) return address
  }
  return found
}

/** `192.0.2.1:443` and `[2001:db8::1]:443` name the same clients as without the port. */
function withoutPort(hop: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(hop) ?? []
  return bracketed ?? plain ?? hop
}

const PAIR = /^\s*([A-Za-z]+)=(?:"([^"\\]*)"|([^\s";,=]*))\s*$/

/** The `for` of every hop (RFC 7239 §4); a hop without one, or one that hides itself, is no address. */
function readForwarded(value: string): readonly string[] {
  return value.split(',').map((element) => {
    const pairs = element.split(';').map((pair) => PAIR.exec(pair))
    if (pairs.some((pair) => pair === null)) throw unreadable('forwarded', 'cannot be read')
    const named = pairs.filter((pair) => pair?.[1]?.toLowerCase() === 'for')
    const [only] = named
    if (named.length !== 1 || only === null || only === undefined)
      throw unreadable('forwarded', 'does not name one client a hop')
    return only[2] ?? only[3] ?? ''
  })
}

function unreadable(header: string, problem: string): ToolgateError {
  return new ToolgateError({ code: 'BAD_REQUEST', message: `The header ${header} of the proxy ${problem}.` })
}
