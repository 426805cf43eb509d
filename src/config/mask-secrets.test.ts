import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSecretName, looksSecret, MASK, maskText } from './mask-secrets.ts'

const hex = 'ab'.repeat(32)

describe('maskText', () => {
  test.each([
    ['postgres://app:hunter2@db/crm', `postgres://app:${MASK}@db/crm`],
    ['postgres://app:p@ss/w?rd@db/crm', `postgres://app:${MASK}@db/crm`],
    ['redis://:hunter2@cache:6379', `redis://:${MASK}@cache:6379`],
    ['https://api.example/?api_key=hunter2&page=2', `https://api.example/?api_key=${MASK}&page=2`],
    ['Server=db;User Id=app;Password=hunter2;Encrypt=true', `Server=db;User Id=app;Password=${MASK};Encrypt=true`],
    [`Use ${hex} to call.`, `Use ${MASK} to call.`],
    ['Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', `Authorization: Bearer ${MASK}`],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', MASK],
    [`tg_0123456789Ab${'s'.repeat(43)}123456`, MASK],
  ])('masks the secret in %s', (text, masked) => {
    expect(maskText(text)).toBe(masked)
  })

  test.each([
    'warehouse',
    '/var/lib/toolgate/Some-Long-Folder-Name-2026/audit.jsonl',
    'https://docs.example/how-to?page=2',
    '1.4.2-rc.1+build.7',
    'Ask for an article by its number.',
    'get_customer_invoices_by_customer_id_*',
    'http://localhost:3000/mcp',
  ])('leaves %s as it is', (text) => {
    expect(maskText(text)).toBe(text)
  })

  test('never lets a password in a connection string through', () => {
    const password = fc.stringMatching(/^[a-z]{3,12}$/).map((text) => `zq${text}`)
    const scheme = fc.constantFrom('postgres', 'mysql', 'amqps', 'mongodb+srv')
    fc.assert(
      fc.property(scheme, password, fc.webPath(), (kind, secret, path) => {
        expect(maskText(`${kind}://app:${secret}@db.example:5432${path}`)).not.toContain(secret)
      }),
    )
  })
})

test('names of secrets are told from other names', () => {
  for (const name of ['hash', 'DB_PASSWORD', 'apiKey', 'clientSecret', 'GITHUB_TOKEN', 'X-Key', 'connectionString']) {
    expect([name, isSecretName(name)]).toEqual([name, true])
  }
  for (const name of ['name', 'path', 'keys', 'roles', 'maxBodyBytes', 'PORT', 'KEYBOARD', 'file', 'prefix']) {
    expect([name, isSecretName(name)]).toEqual([name, false])
  }
})

test('random text is told from words', () => {
  expect(looksSecret('kJ8sd7Fh2Lq0Zx9Vb4Nm1Qw5Er6Ty3Ui')).toBe(true)
  expect(looksSecret('a-very-long-name-without-anything-random')).toBe(false)
})
