import type { IncomingMessage, ServerResponse } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { createOriginRules } from './check-origin.ts'

const rules = createOriginRules({
  host: '10.0.0.7',
  allowedHosts: ['mcp.example.com'],
  allowedOrigins: ['https://app.example.com'],
})

/** What refuses these headers, or `undefined`; the CORS headers that were set are in `set`. */
function refusal(
  headers: { host?: string; origin?: string },
  set: Map<string, unknown> = new Map(),
): string | undefined {
  const response = { setHeader: (name: string, value: unknown) => set.set(name, value) }
  try {
    rules.check({ headers } as IncomingMessage, response as unknown as ServerResponse)
    return undefined
  } catch (thrown) {
    if (thrown instanceof ToolgateError) return thrown.code
    throw thrown
  }
}

const KNOWN = ['localhost', '127.0.0.1', '[::1]', '10.0.0.7', 'mcp.example.com']
const known = fc.constantFrom(...KNOWN)
const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })
const at = (host: string, number: number | undefined): string => (number === undefined ? host : `${host}:${number}`)
const anyCase = (text: string) =>
  fc.mixedCase(fc.constant(text), {
    toggleCase: (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()),
  })
const label = fc.stringMatching(/^[a-z0-9-]{1,12}$/)

describe('a Host', () => {
  it('is known with any port and in any case', () => {
    fc.assert(
      fc.property(known.chain(anyCase), port, (host, number) => {
        expect(refusal({ host: at(host, number) })).toBeUndefined()
      }),
    )
  })

  it('that only begins or ends like a known one is foreign', () => {
    const glue = fc.constantFrom('.', '@', '#', '/', '\\', '%00', ' ', '-', '_', ':', ',', '?')
    fc.assert(
      fc.property(known, label, glue, port, (host, other, between, number) => {
        for (const made of [`${host}${between}${other}`, `${other}${between}${host}`]) {
          const isPort = between === ':' && /^\d{1,5}$/.test(other) && made.startsWith(host)
          expect(refusal({ host: at(made, number) }) === undefined).toBe(isPort && number === undefined)
        }
      }),
    )
  })

  it('of any text is known or foreign; a missing one is foreign', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (host) => {
        const name = host.toLowerCase().replace(/:\d{1,5}$/, '')
        expect(refusal({ host })).toBe(KNOWN.includes(name) ? undefined : 'FOREIGN_HOST')
      }),
    )
    expect(refusal({})).toBe('FOREIGN_HOST')
  })
})

describe('an Origin', () => {
  const host = 'localhost'

  it('on loopback or listed is let in, and told so in CORS headers for itself alone', () => {
    const loopback = fc.tuple(
      fc.constantFrom('http', 'https'),
      fc.constantFrom('localhost', '127.0.0.1', '[::1]'),
      port,
    )
    const origins = fc.oneof(
      loopback.map(([scheme, name, number]) => `${scheme}://${at(name, number)}`),
      fc.constant('https://app.example.com'),
    )
    fc.assert(
      fc.property(origins, (origin) => {
        const set = new Map<string, unknown>()
        expect(refusal({ host, origin }, set)).toBeUndefined()
        expect([set.get('access-control-allow-origin'), set.get('vary')]).toEqual([origin, 'Origin'])
      }),
    )
  })

  it('that only looks like one of those is foreign, and gets no CORS header', () => {
    const near = fc
      .tuple(label, fc.constantFrom('.', '@', '/', '#', '%2f', ' ', ','))
      .chain(([other, glue]) =>
        fc.constantFrom(
          `https://app.example.com${glue}${other}`,
          `https://${other}${glue}app.example.com`,
          `http://localhost${glue}${other}.example`,
          `http://${other}${glue}localhost.example`,
          `ftp://localhost`,
          `file://`,
          'null',
          `http://app.example.com`,
          `https://app.example.com:8443`,
        ),
      )
    fc.assert(
      fc.property(fc.oneof(near, fc.webUrl(), fc.string({ unit: 'binary' })), (origin) => {
        const set = new Map<string, unknown>()
        expect(refusal({ host, origin }, set)).toBe('FOREIGN_ORIGIN')
        expect(set.size).toBe(0)
      }),
    )
  })
})
