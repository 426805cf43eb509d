import { describe, expect, it } from 'vitest'
import { generateApiKey } from './api-key.ts'
import { bearerToken, carriesCredential, headerValues, readCredentials } from './credentials.ts'

describe('credentials of a request', () => {
  const rawHeaders = ['Host', 'a', 'AUTHORIZATION', 'Bearer x', 'authorizations', 'no', 'authorization', 'Bearer y']

  it('are every Authorization header, whatever its case, the query and the address', () => {
    expect(readCredentials({ rawHeaders, url: '/mcp?a=1?b', method: 'POST', address: '::1' })).toEqual({
      authorization: ['Bearer x', 'Bearer y'],
      query: 'a=1?b',
      address: '::1',
      method: 'POST',
      path: '/mcp',
      rawHeaders,
    })
  })

  it('have every value of a header, whatever its case', () => {
    expect(headerValues(rawHeaders, 'authorization')).toEqual(['Bearer x', 'Bearer y'])
    expect(headerValues(rawHeaders, 'x-none')).toEqual([])
  })

  it('are empty where there are none', () => {
    expect(readCredentials({ rawHeaders: [], url: undefined, address: undefined })).toEqual({
      authorization: [],
      query: '',
      address: '',
      method: '',
      path: '',
      rawHeaders: [],
    })
  })

  it.each(['access_token=x', 'a=1&api_key=x', 'API-KEY=x', 'apikey=', 'a;token=x', 'key=1', 'Authorization=Bearer'])(
    'are seen in the query %s',
    (query) => {
      expect(carriesCredential(query)).toBe(true)
    },
  )

  it('are seen in the query when a key stands under any other name', () => {
    expect(carriesCredential(`anything=${generateApiKey().text}`)).toBe(true)
  })

  it.each(['', 'a=1', 'tokens=3', 'monkey=1', 'q=token', 'tg_short=1'])('are not seen in the query "%s"', (query) => {
    expect(carriesCredential(query)).toBe(false)
  })

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer   a.b-c_d~e+f/g== ', 'a.b-c_d~e+f/g=='],
    ['Basic abc', undefined],
    ['Bearer', undefined],
    ['Bearer a, Bearer b', undefined],
    ['Bearer "a"', undefined],
    [' Bearer a', undefined],
  ])('have in "%s" the token %s', (header, token) => {
    expect(bearerToken(header)).toBe(token)
  })
})
