import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createAddressRanges, isAddressRange, plainAddress } from './address-ranges.ts'

describe('address ranges', () => {
  it('hold the addresses within, at both ends, and none beside', () => {
    const ranges = createAddressRanges(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '2001:db9::1'])
    const inside = ['10.0.0.0', '10.255.255.255', '192.0.2.7', '2001:db8::', '2001:DB8:ffff::1', '2001:db9::1']
    const outside = ['9.255.255.255', '11.0.0.0', '192.0.2.8', '2001:db7:ffff::', '2001:db9::2', '::1']
    expect(inside.filter((address) => !ranges.contains(address))).toEqual([])
    expect(outside.filter((address) => ranges.contains(address))).toEqual([])
  })

  it('find an IPv4 address however a socket writes it', () => {
    const ranges = createAddressRanges(['10.0.0.0/8'])
    const same = ['10.1.2.3', '::ffff:10.1.2.3', '::FFFF:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:ffff:0a01:0203']
    expect(same.map((address) => plainAddress(address))).toEqual(same.map(() => '10.1.2.3'))
    expect(same.every((address) => ranges.contains(address))).toBe(true)
  })

  it('do not take an address of one family for one of the other', () => {
    const everywhere6 = createAddressRanges(['::/0'])
    expect(everywhere6.contains('2001:db8::1')).toBe(true)
    // Node's own list would say yes to all of these.
    const list = new BlockList()
    list.addSubnet('::', 0, 'ipv6')
    expect(list.check('10.1.2.3')).toBe(true)
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3']) expect(everywhere6.contains(address)).toBe(false)
    const everywhere4 = createAddressRanges(['0.0.0.0/0'])
    for (const address of ['::1', '::10.1.2.3', '64:ff9b::10.1.2.3', '2002:a01:203::']) {
      expect(everywhere4.contains(address)).toBe(false)
    }
  })

  it('look past the zone of a link-local address', () => {
    expect(createAddressRanges(['fe80::/10']).contains('fe80::1%eth0')).toBe(true)
  })

  it('hold nothing that is no address', () => {
    const ranges = createAddressRanges(['0.0.0.0/0', '::/0'])
    for (const text of ['', 'localhost', '10.1', '010.1.2.3', '10.1.2.3:80', '[::1]', '0x0a010203', ' 10.1.2.3']) {
      expect(ranges.contains(text)).toBe(false)
    }
  })

  it('hold nothing when there are none', () => {
    expect(createAddressRanges([]).contains('127.0.0.1')).toBe(false)
  })

  it.each([
    ['10.1.2.3/8', 'beyond the first 8'],
    ['2001:db8::1/32', 'beyond the first 32'],
    ['10.0.0.0/33', 'more than 32 bits'],
    ['::/129', 'more than 128 bits'],
    ['::ffff:10.0.0.0/104', 'as IPv4'],
    ['10.0.0.0/08', 'no IP address'],
    ['10.0.0.0/', 'no IP address'],
    ['10.0.0/8', 'no IP address'],
    ['fe80::1%eth0', 'no IP address'],
    ['*', 'no IP address'],
    ['', 'no IP address'],
    ['example.com', 'no IP address'],
  ])('refuse %s', (range, reason) => {
    expect(isAddressRange(range)).toBe(false)
    expect(() => createAddressRanges([range])).toThrow(RangeError)
    expect(() => createAddressRanges([range])).toThrow(reason)
  })

  it('agree with counting the bits, for any range and address', () => {
    const word = fc.nat({ max: 0xffffffff })
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 32 }), (network, other, prefix) => {
        const cut = (value: number): number => (prefix === 0 ? 0 : (value >>> (32 - prefix)) * 2 ** (32 - prefix))
        const write = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.')
        const ranges = createAddressRanges([`${write(cut(network))}/${prefix}`])
        expect(ranges.contains(write(network))).toBe(true)
        expect(ranges.contains(write(other))).toBe(cut(other) === cut(network))
        expect(ranges.contains(`::ffff:${write(other)}`)).toBe(cut(other) === cut(network))
      }),
    )
  })
})
