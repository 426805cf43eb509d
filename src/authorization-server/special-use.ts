import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Addresses that are not on the public internet, or lead to others (RFC 6890 and the IANA registries after it). */
const SPECIAL_IPV4: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** Global unicast is `2000::/3`; what is not in it is special, and so are these parts of it, tunnels among them. */
const SPECIAL_IPV6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const special = new BlockList()
for (const range of SPECIAL_IPV4) add(range, 'ipv4')
for (const range of SPECIAL_IPV6) add(range, 'ipv6')
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')

function add(range: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', bits = ''] = range.split('/')
  special.addSubnet(network, Number(bits), family)
}

/** Whether an address is anything but a plain public one. What is no address is special, too. */
export function isSpecialUse(address: string): boolean {
  if (isIPv4(address)) return special.check(address, 'ipv4')
  if (!isIPv6(address) || address.includes('%')) return true
  return !global.check(address, 'ipv6') || special.check(address, 'ipv6')
}
