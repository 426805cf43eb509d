import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { claimsModern, metaOf, opensLegacy, readEnvelope } from './envelope.ts'
import type { Params } from './json-rpc.ts'
import { isModernVersion, META } from './versions.ts'

const anything = fc.jsonValue({ maxDepth: 3 })
const object = fc.dictionary(fc.string(), anything)
const someMeta = fc.record(
  {
    [META.version]: fc.oneof(anything, fc.constant('2026-07-28')),
    [META.clientCapabilities]: fc.oneof(anything, object),
    [META.clientInfo]: fc.oneof(anything, fc.record({ name: fc.string(), version: fc.string() })),
    [META.logLevel]: fc.oneof(anything, fc.constantFrom('debug', 'error')),
  },
  { requiredKeys: [] },
)

describe('an envelope', () => {
  it('of any kind is read, or refused with the one code there is for it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.record({ _meta: fc.oneof(anything, someMeta) }), object), (params) => {
        try {
          const { version, client, logLevel } = readEnvelope(params as Params)
          const meta = metaOf(params as Params)
          expect(version).toBe(meta[META.version])
          expect(client.capabilities).toBe(meta[META.clientCapabilities])
          expect(client.info).toBe(meta[META.clientInfo])
          expect(logLevel).toBe(meta[META.logLevel])
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ToolgateError)
          expect((thrown as ToolgateError).code).toBe('INVALID_ENVELOPE')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('that is whole is always read', () => {
    const level = fc.constantFrom('debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency')
    fc.assert(
      fc.property(fc.string(), object, level, (version, capabilities, logLevel) => {
        const info = { name: 'n', version: '1' }
        const _meta = {
          [META.version]: version,
          [META.clientCapabilities]: capabilities,
          [META.clientInfo]: info,
          [META.logLevel]: logLevel,
        }
        expect(readEnvelope({ _meta })).toEqual({ version, client: { info, capabilities }, logLevel })
      }),
    )
  })

  it('decides the era of `initialize` in one way only: never both, never neither', () => {
    fc.assert(
      fc.property(fc.oneof(fc.record({ _meta: someMeta }), object), (params) => {
        const request = { jsonrpc: '2.0', id: 1, method: 'initialize', params: params as Params } as const
        const isWholeClaim = metaOf(request.params)[META.version] === '2026-07-28'
        if (!opensLegacy(request)) expect(claimsModern(request.params) && isWholeClaim).toBe(true)
        expect(opensLegacy({ ...request, method: 'tools/list' })).toBe(false)
      }),
    )
  })
})

describe('a version', () => {
  it('is modern from its date on, and only if it is a date', () => {
    const date = fc.date({ min: new Date('2020-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
    fc.assert(
      fc.property(date, (day) => {
        const version = day.toISOString().slice(0, 10)
        expect(isModernVersion(version)).toBe(day.getTime() >= Date.parse('2026-07-28'))
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => !isModernVersion(text)))
  })
})
