import { execFile } from 'node:child_process'
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { askToken, authorize, codeFields, type Lab, REDIRECT, startLab } from '../../test/fixtures/authorization-lab.ts'

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const embedded = {
  clients: [
    { id: 'cli', redirectUris: [REDIRECT] },
    { id: 'ci', jwks: { keys: [publicKey.export({ format: 'jwk' })] }, machine: { roles: ['user'] } },
  ],
}
const SIBLING = fileURLToPath(new URL('../../test/fixtures/spend-once.ts', import.meta.url))

let lab: Lab
beforeEach(async () => {
  lab = await startLab({ embedded })
  await lab.addUser('ada')
})
afterEach(() => lab.stop())

interface Request {
  readonly fields: Record<string, string>
  readonly headers?: Record<string, string>
}

/** Two other processes send the same requests at the same moment; answers the statuses of both, request by request. */
async function sendFromTwo(requests: readonly Request[]): Promise<readonly (readonly number[])[]> {
  const { directory, issuer } = lab
  const given = JSON.stringify({ directory, issuer, at: Date.now() + 6_000, requests })
  const args = ['--import', 'tsx', SIBLING, given, JSON.stringify(embedded)]
  const runs = await Promise.all([1, 2].map(() => promisify(execFile)(process.execPath, args, { timeout: 60_000 })))
  const [first = [], second = []] = runs.map(({ stdout }) => JSON.parse(stdout) as number[])
  return first.map((status, index) => [status, second[index] ?? 0])
}

const good = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

describe('two processes on one storage', () => {
  it('let no code, refresh token or assertion be used twice', async () => {
    const codes = await Promise.all(
      Array.from({ length: 10 }, async () => (await authorize(lab)).searchParams.get('code') ?? ''),
    )
    const fresh = (await authorize(lab)).searchParams.get('code') ?? ''
    const { body } = await askToken(lab, codeFields(fresh))
    const refresh = { grant_type: 'refresh_token', client_id: 'cli', refresh_token: String(body.refresh_token) }
    const assertions = Array.from({ length: 10 }, () => ({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion(),
    }))
    const requests = [...codes.map((code) => codeFields(code)), refresh, ...assertions].map((fields) => ({ fields }))
    const statuses = await sendFromTwo(requests)
    expect(statuses.filter((each) => good(each) > 1)).toEqual([])
    // It is no proof that nothing is used twice where nothing works at all.
    expect(statuses.filter((each) => good(each) === 1).length).toBeGreaterThan(10)
  })

  it('sign with the same keys', async () => {
    const { directory, issuer } = lab
    const other = await startLab({ directory, issuer, embedded })
    expect(other.authorization.jwks()).toEqual(lab.authorization.jwks())
    await other.stop(true)
  })
})

function assertion(): string {
  const seconds = Math.floor(Date.now() / 1000)
  const claims = { iss: 'ci', sub: 'ci', aud: lab.issuer, jti: randomUUID(), iat: seconds, exp: seconds + 120 }
  const body = [{ alg: 'ES256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${body}.${sign('sha256', Buffer.from(body), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
