import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { checkStandardHeaders } from './header-ladder.ts'

const VERSION = '2026-07-28'
const METHODS = ['tools/call', 'prompts/get', 'resources/read'] as const

/** Whether the headers agree with the body; anything but a mismatch that is thrown is a bug. */
function agree(method: string, params: Record<string, unknown>, headers: Record<string, string | undefined>): boolean {
  const sent = { 'mcp-protocol-version': VERSION, 'mcp-method': method, ...headers }
  try {
    checkStandardHeaders(sent, { jsonrpc: '2.0', id: 1, method, params }, VERSION)
    return true
  } catch (thrown) {
    if (thrown instanceof ToolgateError && thrown.code === 'HEADER_MISMATCH') return false
    throw thrown
  }
}

const encoded = (text: string): string => `=?base64?${Buffer.from(text).toString('base64')}?=`
const wellFormed = fc.string({ unit: 'grapheme', minLength: 1 })
const paramsOf = (method: string, name: unknown) => (method === 'resources/read' ? { uri: name } : { name })

describe('the headers that mirror a request', () => {
  it('agree with any name that they carry as it is or encoded', () => {
    fc.assert(
      fc.property(fc.constantFrom(...METHODS), wellFormed, (method, name) => {
        expect(agree(method, paramsOf(method, name), { 'mcp-name': encoded(name) })).toBe(true)
        fc.pre(!name.startsWith('=?base64?'))
        expect(agree(method, paramsOf(method, name), { 'mcp-name': name })).toBe(true)
      }),
    )
  })

  it('agree with no other name, version or method, and are never forgiven for being absent', () => {
    fc.assert(
      fc.property(fc.constantFrom(...METHODS), wellFormed, wellFormed, (method, name, other) => {
        fc.pre(name !== other && encoded(name) !== other)
        const params = paramsOf(method, name)
        for (const sent of [other, encoded(other), undefined])
          expect(agree(method, params, { 'mcp-name': sent })).toBe(false)
        const right = { 'mcp-name': encoded(name) }
        for (const sent of [other, undefined]) {
          expect(agree(method, params, { ...right, 'mcp-method': sent })).toBe(sent === method)
          expect(agree(method, params, { ...right, 'mcp-protocol-version': sent })).toBe(sent === VERSION)
        }
      }),
    )
  })

  it('with any bytes in a header agree or do not; what is not Base64 is not guessed at', () => {
    const base64 = fc.base64String().map((text) => `=?base64?${text}?=`)
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), base64), fc.string({ unit: 'binary' }), (sent, name) => {
        if (!agree('tools/call', { name }, { 'mcp-name': sent }) || sent === name) return
        expect(Buffer.from(sent.slice(9, -2), 'base64').toString('utf8')).toBe(name)
      }),
      { numRuns: 300 },
    )
    // Without padding, in the other alphabet, with a space, not UTF-8, and marked in another case.
    for (const odd of ['=?base64?YQ?=', '=?base64?_w==?=', '=?base64?Y Q==?=', '=?base64?/w==?=', '=?BASE64?YQ==?=']) {
      expect(agree('tools/call', { name: 'a' }, { 'mcp-name': odd })).toBe(false)
    }
  })
})
