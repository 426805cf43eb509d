import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createClientAddresses } from './client-address.ts'

const PROXIES = ['10.0.0.0/8', '2001:db8:1::/48']

function requestFrom(
  remoteAddress: string | undefined,
  headers: readonly (readonly [string, string])[],
): IncomingMessage {
  return { socket: { remoteAddress }, rawHeaders: headers.flat() } as unknown as IncomingMessage
}

const byFor = createClientAddresses(PROXIES, { address: 'x-forwarded-for' })
const byForwarded = createClientAddresses(PROXIES, { address: 'forwarded' })

describe('the address of a client', () => {
  it('is that of the connection where no proxy is trusted, whatever headers say', () => {
    const none = createClientAddresses([], { address: 'x-forwarded-for' })
    expect(none.of(requestFrom('10.0.0.1', [['X-Forwarded-For', '1.2.3.4']]))).toBe('10.0.0.1')
    expect(byFor.of(requestFrom('192.0.2.1', [['X-Forwarded-For', '1.2.3.4']]))).toBe('192.0.2.1')
    expect(
      byFor.of(
        requestFrom('192.0.2.1', [
          ['X-Forwarded-For', 'garbage'],
          ['X-Forwarded-For', 'x'],
        ]),
      ),
    ).toBe('192.0.2.1')
  })

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4, 10.0.0.2', '1.2.3.4'],
    ['127.0.0.1, 1.2.3.4, 10.0.0.3,10.0.0.2', '1.2.3.4'],
    ['<script>, unknown, 1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['10.0.0.9, 10.0.0.8', '10.0.0.9'],
    ['', '::ffff:10.0.0.1'],
  ])('is the right-most one in %j that is no proxy', (value, address) => {
    expect(byFor.of(requestFrom('::ffff:10.0.0.1', [['X-Forwarded-For', value]]))).toBe(address)
  })

  it.each([
    ['unknown'],
    ['1.2.3.4, '],
    ['1.2.3'],
    ['1.2.3.4,,10.0.0.2'],
    ['1.2.3.4, example.org'],
    [Array(40).fill('10.0.0.1').join(',')],
  ])('is not made up where a trusted proxy says %j', (value) => {
    expect(() => byFor.of(requestFrom('10.0.0.1', [['X-Forwarded-For', value]]))).toThrow('x-forwarded-for')
  })

  it('is refused where the header is there twice: which of them the proxy wrote nobody knows', () => {
    const twice = [
      ['X-Forwarded-For', '1.2.3.4'],
      ['x-forwarded-for', '5.6.7.8'],
    ] as const
    expect(() => byFor.of(requestFrom('10.0.0.1', twice))).toThrow('twice')
  })

  it.each([
    ['for=1.2.3.4', '1.2.3.4'],
    ['For="1.2.3.4:80";proto=https;by=10.0.0.2, for=10.0.0.2', '1.2.3.4'],
    ['for="[2001:db8::7]:443"', '2001:db8::7'],
    ['for=9.9.9.9, for=1.2.3.4;host=example.org', '1.2.3.4'],
  ])('is read from %j of RFC 7239', (value, address) => {
    expect(
      byForwarded.of(
        requestFrom('10.0.0.1', [
          ['Forwarded', value],
          ['X-Forwarded-For', '6.6.6.6'],
        ]),
      ),
    ).toBe(address)
  })

  it.each([
    ['for=_hidden'],
    ['for=unknown'],
    ['proto=https'],
    ['for=1.2.3.4;for=5.6.7.8'],
    ['for="1.2.3.4'],
    ['nonsense'],
  ])('is not made up from %j', (value) => {
    expect(() => byForwarded.of(requestFrom('10.0.0.1', [['Forwarded', value]]))).toThrow('forwarded')
  })

  it('is not taken from the header that is not configured', () => {
    expect(byFor.of(requestFrom('10.0.0.1', [['Forwarded', 'for=6.6.6.6']]))).toBe('10.0.0.1')
    expect(byForwarded.of(requestFrom('2001:db8:1::1', [['X-Forwarded-For', '6.6.6.6']]))).toBe('2001:db8:1::1')
  })
})
