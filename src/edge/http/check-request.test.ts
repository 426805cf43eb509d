import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { checkAccept, checkMediaType, checkRequest, pathOf } from './check-request.ts'

/** What a check refuses with, or `undefined`. */
function refusal(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (thrown) {
    if (thrown instanceof ToolgateError) return thrown.code
    throw thrown
  }
}

const requestOf = (parts: { url?: string; headers?: Record<string, string>; rawHeaders?: string[] }): IncomingMessage =>
  ({ url: '/mcp', headers: {}, rawHeaders: [], ...parts }) as unknown as IncomingMessage

const SINGLE = [
  'Host',
  'Authorization',
  'Content-Type',
  'Content-Length',
  'Origin',
  'Mcp-Name',
  'Mcp-Session-Id',
  'MCP-X',
]
const header = fc.tuple(fc.constantFrom(...SINGLE, 'Accept', 'Cookie', 'X-A', 'ost', 'Mcp'), fc.string())

describe('a request', () => {
  it('may have every header that decides something once, however it is written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(header, fc.boolean()), { maxLength: 8 }), (headers) => {
        const names = headers.map(([[name], isLower]) => (isLower ? name.toLowerCase() : name))
        const rawHeaders = headers.flatMap(([[, value]], at) => [names[at] ?? '', value])
        const deciding = names
          .map((name) => name.toLowerCase())
          .filter((name) => SINGLE.some((one) => one.toLowerCase() === name))
        const isDoubled = new Set(deciding).size < deciding.length
        expect(refusal(() => checkRequest(requestOf({ rawHeaders })))).toBe(isDoubled ? 'BAD_REQUEST' : undefined)
      }),
      { numRuns: 500 },
    )
  })

  it('has a path for its target, and the query does not belong to it', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.webQueryParameters(), (path, query) => {
        const url = path.startsWith('/') ? path : `/${path}`
        expect(pathOf(requestOf({ url: `${url}?${query}` }))).toBe(url)
        expect(refusal(() => checkRequest(requestOf({ url })))).toBeUndefined()
      }),
    )
    for (const url of ['*', '', 'http://localhost/mcp', 'localhost:80', '\\mcp']) {
      expect(refusal(() => checkRequest(requestOf({ url })))).toBe('BAD_REQUEST')
    }
  })

  it('of any media type but JSON in UTF-8 is refused', () => {
    const spaces = fc.stringMatching(/^ {0,3}$/)
    const charset = fc.constantFrom('', 'charset=utf-8', 'charset="utf-8"', 'CHARSET=UTF-8')
    fc.assert(
      fc.property(spaces, charset, fc.string(), (space, parameter, other) => {
        const type = parameter === '' ? 'application/json' : `Application/JSON${space};${space}${parameter}`
        const judge = (value: string) =>
          refusal(() => checkMediaType(requestOf({ headers: { 'content-type': value } })))
        expect(judge(type)).toBeUndefined()
        for (const wrong of [`${type}x`, `x${type}`, `${other},${type}`, `${type}, text/plain`, 'text/plain', '']) {
          expect(judge(wrong)).toBe('UNSUPPORTED_MEDIA_TYPE')
        }
      }),
    )
  })

  it('accepts what it names, by name or by wildcard, and not what it gives the quality 0', () => {
    const needed = ['application/json', 'text/event-stream']
    const ranges = fc.uniqueArray(
      fc.constantFrom(
        'application/json',
        'application/*',
        'text/event-stream',
        'text/*',
        '*/*',
        'text/html',
        'image/png',
      ),
      { minLength: 1 },
    )
    const quality = fc.constantFrom('', ';q=1', '; q=0.5', ';Q=0', '; q=0.0', ';q=0.')
    fc.assert(
      fc.property(ranges, fc.infiniteStream(quality), (names, qualities) => {
        const items = names.map((name) => [name, qualities.next().value] as const)
        const taken = items.filter(([, q]) => !/q=0(\.0*)?$/i.test(q)).map(([name]) => name)
        const isTaken = (type: string) =>
          taken.some((name) => name === type || name === '*/*' || name === `${type.split('/')[0]}/*`)
        const accept = items.map(([name, q]) => name + q).join(', ')
        const expected = needed.every(isTaken) ? undefined : 'NOT_ACCEPTABLE'
        expect(refusal(() => checkAccept(requestOf({ headers: { accept } }), needed))).toBe(expected)
      }),
      { numRuns: 500 },
    )
  })

  it('with any bytes in its headers is let through or refused, and nothing else happens', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (value) => {
        const request = requestOf({ headers: { accept: value, 'content-type': value, 'content-encoding': value } })
        expect(refusal(() => checkMediaType(request))).toBe('UNSUPPORTED_MEDIA_TYPE')
        expect(['NOT_ACCEPTABLE', undefined]).toContain(refusal(() => checkAccept(request, ['text/event-stream'])))
      }),
    )
  })
})
