import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSecretName } from './assignments.ts'
import { MASK, maskSecrets } from './mask-secrets.ts'

const letters = (characters: string, minLength: number, maxLength = minLength): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), { minLength, maxLength }).map((parts) => parts.join(''))
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const base62 = (minLength: number, maxLength?: number): fc.Arbitrary<string> => letters(BASE62, minLength, maxLength)
const around = fc.constantFrom('', ' ', '\n', ', ', 'failed: ', '"', "'", '(', '{"a":1,', '— ', '\t', 'x = ')

/** A secret and a text in which it stands. */
type Told = readonly [secret: string, text: string]
const told = (secret: fc.Arbitrary<string>, tell: (secret: string) => string): fc.Arbitrary<Told> =>
  secret.map((value): Told => [value, tell(value)])

const shapes: Readonly<Record<string, fc.Arbitrary<Told>>> = {
  'a key of Toolgate': told(base62(49), (secret) => `tg_abcdefghijkl_${secret}`),
  'a bearer token': told(letters(`${BASE62}-._~+/`, 20, 80), (secret) => `Authorization: Bearer ${secret}`),
  'basic credentials': told(base62(12, 40), (secret) => `basic ${secret}==`),
  'a password in a connection string': told(
    letters(`${BASE62}!$%^*@:/`, 8, 30),
    (secret) => `postgres://app:${secret}@db/x`,
  ),
  'a password without a user in one': told(base62(8, 30), (secret) => `redis://:${secret}@cache:6379`),
  'a JSON web token': told(base62(20, 200), (secret) => `eyJhbGciOi.${secret}.${secret}`),
  'a token of GitHub': told(base62(36), (secret) => `ghp_${secret}`),
  'a token of Slack': told(base62(24), (secret) => `xoxb-1234-${secret}`),
  'a key of a model provider': told(base62(32), (secret) => `sk-ant-${secret}`),
  'a key of AWS': told(letters('ABCDEFGHIJKLMNOP234567', 16), (secret) => `AKIA${secret}`),
  'a password by name': told(base62(6, 30), (secret) => `password=${secret}`),
  'a password in JSON': told(letters(`${BASE62} \\"`, 8, 30), (secret) => `{"db_password": ${JSON.stringify(secret)}}`),
  'a token in a query': told(base62(8, 30), (secret) => `/cb?x=1&access_token=${secret}&y=2`),
  'a secret in an assignment': told(base62(8, 30), (secret) => `CLIENT_SECRET='${secret}'`),
  'a header': told(base62(8, 30), (secret) => `X-Api-Key: ${secret}`),
  'a private key': told(
    base62(60),
    (secret) => `-----BEGIN RSA PRIVATE KEY-----\n${secret}\n${secret}\n-----END RSA PRIVATE KEY-----`,
  ),
  'a private key that was cut': told(base62(60), (secret) => `-----BEGIN PRIVATE KEY-----\n${secret}`),
}

describe('masking', () => {
  it.each(Object.keys(shapes))('takes %s out of any text', (shape) => {
    fc.assert(
      fc.property(shapes[shape]!, around, around, ([secret, text], before, after) => {
        const masked = maskSecrets(before + text + after)
        expect(masked).toContain(MASK)
        expect(masked).not.toContain(secret.length > 12 ? secret.slice(0, 12) : secret)
        expect(masked).not.toContain(secret.slice(-8))
      }),
      { numRuns: 200 },
    )
  })

  it.each([
    'Connected to postgres://db.internal:5432/crm as app',
    'The tool get_current_date took 12 ms',
    'GET https://example.com/a/b?page=2#top',
    'db://customers/123',
    'Basic authentication, bearer of news',
    'Cannot read properties of undefined (reading "name")',
    'keyboard=qwerty',
  ])('leaves "%s" as it is', (text) => {
    expect(maskSecrets(text)).toBe(text)
  })

  it('keeps what tells whose secret it was', () => {
    expect(maskSecrets(`tg_abcdefghijkl_${'x'.repeat(49)} of postgres://app:hunter2@db/crm`)).toBe(
      `tg_abcdefghijkl_${MASK} of postgres://app:${MASK}@db/crm`,
    )
  })

  it.each(['password', 'DB_PASSWORD', 'apiKey', 'api-key', 'accessToken', 'client_secret', 'Authorization', 'cookie'])(
    'knows that %s names a secret',
    (name) => {
      expect(isSecretName(name)).toBe(true)
    },
  )

  it.each(['name', 'path', 'passenger', 'keyboard', 'author', 'count'])('knows that %s does not', (name) => {
    expect(isSecretName(name)).toBe(false)
  })
})
