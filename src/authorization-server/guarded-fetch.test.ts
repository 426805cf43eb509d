import { spawnSync } from 'node:child_process'
import type { LookupAddress } from 'node:dns'
import { existsSync } from 'node:fs'
import type { LookupFunction } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { createGuardedFetch } from './guarded-fetch.ts'
import { isSpecialUse } from './special-use.ts'

describe('a special-use address', () => {
  it.each([
    ...[
      '0.0.0.0',
      '10.1.2.3',
      '100.64.0.1',
      '127.0.0.1',
      '127.255.255.254',
      '169.254.169.254',
      '172.31.0.1',
      '192.168.0.1',
    ],
    ...[
      '198.19.0.1',
      '224.0.0.1',
      '240.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::7f00:1',
    ],
    ...[
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
      '100::1',
      '2001::1',
      '2001:db8::1',
      '2002:7f00:1::',
      'fc00::1',
      'fd00::1',
      'fe80::1',
    ],
    ...['fe80::1%lo', 'fec0::1', 'ff02::1', '5f00::1', '127.1', '0x7f000001', '2130706433', 'localhost', ''],
  ])('is %s', (address) => expect(isSpecialUse(address)).toBe(true))

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '2a00:1450::1'])('is not %s', (address) =>
    expect(isSpecialUse(address)).toBe(false),
  )
})

const answering = (...addresses: readonly string[]): { lookup: LookupFunction; asked: string[] } => {
  const asked: string[] = []
  const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const lookup: LookupFunction = (name, _options, callback) => {
    asked.push(name)
    callback(null, found)
  }
  return { asked, lookup }
}

describe('fetching the document of a stranger', () => {
  it.each(['http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'data:application/json,{}'])(
    'refuses %s',
    async (url) => {
      await expect(createGuardedFetch()(url)).rejects.toThrow('not an https URL')
    },
  )

  it('refuses a name as soon as one of its addresses leads inside', async () => {
    const { lookup, asked } = answering('8.8.8.8', '10.0.0.1')
    await expect(createGuardedFetch({ lookup })('https://rebind.example/')).rejects.toThrow('special-use')
    expect(asked).toEqual(['rebind.example'])
  })
})

const UNSHARE = '/usr/bin/unshare'
const hasNamespaces = existsSync(UNSHARE) && spawnSync(UNSHARE, ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0

describe.skipIf(!hasNamespaces)(
  'in a network where everything inside listens (needs unshare and ip: apt-get install util-linux iproute2)',
  () => {
    it('connects to none of it, however the address is written; a public one is reached, bounded in size and time', () => {
      const file = fileURLToPath(new URL('../../test/fixtures/fetch-from-inside.ts', import.meta.url))
      const script = `ip link set lo up
      for address in 169.254.169.254/32 10.0.0.1/32 192.168.0.1/32 8.8.8.8/32; do ip addr add $address dev lo; done
      ip -6 addr add fd00::1/128 dev lo
      exec ${process.execPath} --import tsx ${file}`
      const run = spawnSync(UNSHARE, ['-n', 'sh', '-c', script], { encoding: 'utf8', timeout: 60_000 })
      expect(run.stderr).toBe('')
      expect(JSON.parse(run.stdout)).toEqual({
        connectionsInside: 0,
        reached: 'TLS',
        answered: [],
      })
    })
  },
)
