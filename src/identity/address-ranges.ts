import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** A set of IP addresses, written as ranges. */
export interface AddressRanges {
  /** Whether an address lies in one of them; false for what is no address. `::ffff:10.0.0.1` counts as 10.0.0.1. */
  contains(address: string): boolean
}

const MAPPED_PREFIX = '::ffff:'

/**
 * Addresses and CIDR ranges of both families (RFC 4632 §3.1, RFC 4291 §2.3). A range of one family holds no address of the
 * other: `::/0` lets no IPv4 address in, however the socket writes it. Throws `RangeError` for what is no range.
 *
 * @example createAddressRanges(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']).contains('::ffff:10.1.2.3') // true
 */
export function createAddressRanges(ranges: readonly string[]): AddressRanges {
  const ipv4 = new BlockList()
  const ipv6 = new BlockList()
  for (const range of ranges) {
    const { address, prefix, family } = readRange(range)
    const list = family === 'ipv4' ? ipv4 : ipv6
    list.addSubnet(address, prefix, family)
  }
  return {
    contains(address) {
      const plain = plainAddress(address)
      if (plain === undefined) return false
      return isIPv4(plain) ? ipv4.check(plain) : ipv6.check(plain, 'ipv6')
    },
  }
}

/** Whether `createAddressRanges` takes it. */
export function isAddressRange(range: string): boolean {
  try {
    readRange(range)
    return true
  } catch {
    return false
  }
}

/**
 * An address as it is compared: without zone, and as IPv4 where it is one that IPv6 carries. `undefined` for anything else.
 *
 * @example plainAddress('::ffff:a01:203') // '10.1.2.3'
 */
export function plainAddress(address: string): string | undefined {
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return undefined
  const [plain = ''] = address.split('%')
  const groups = expandIpv6(plain)
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return isMapped ? bytesOf(groups.slice(6)).join('.') : plain
}

/** The eight groups of an IPv6 address without zone (RFC 4291 §2.2). */
export function expandIpv6(address: string): readonly number[] {
  const [front = '', back] = address.split('::')
  const head = readGroups(front)
  if (back === undefined) return head
  const tail = readGroups(back)
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail]
}

function readGroups(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
    return [a * 256 + b, c * 256 + d]
  })
}

function bytesOf(groups: readonly number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 255])
}

interface Range {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

const RANGE = /^([0-9A-Fa-f.:]+)(?:\/(0|[1-9]\d{0,2}))?$/

function readRange(range: string): Range {
  const [, address = '', length] = RANGE.exec(range) ?? []
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (family === 'ipv6' && !isIPv6(address)) throw notARange(range, 'It is no IP address and no CIDR range')
  if (family === 'ipv6' && plainAddress(address) !== address) {
    throw notARange(range, `Write an address behind ${MAPPED_PREFIX} as IPv4`)
  }
  const bytes = family === 'ipv4' ? address.split('.').map(Number) : bytesOf(expandIpv6(address))
  const prefix = length === undefined ? bytes.length * 8 : Number(length)
  if (prefix > bytes.length * 8) throw notARange(range, `The prefix has more than ${bytes.length * 8} bits`)
  if (hasBitsBeyond(bytes, prefix)) throw notARange(range, `The address has bits beyond the first ${prefix}`)
  return { address, prefix, family }
}

/** 10.1.2.3/8: somebody meant either one address or the whole network, and nobody knows which. */
function hasBitsBeyond(bytes: readonly number[], prefix: number): boolean {
  return bytes.some((byte, at) => (byte & (255 >> Math.min(8, Math.max(0, prefix - at * 8)))) !== 0)
}

function notARange(range: string, reason: string): RangeError {
  return new RangeError(
    `${JSON.stringify(range)} is no range of addresses. ${reason}, such as 10.0.0.0/8 or 2001:db8::/32.`,
  )
}
