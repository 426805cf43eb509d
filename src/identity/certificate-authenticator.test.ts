import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TestAuthority } from '../../test/fixtures/certificates.ts'
import { type Authentication, type Authenticator, isRefusal } from './authenticator.ts'
import { CertificateAuthenticator } from './certificate-authenticator.ts'
import type { ClientCertificate } from './client-certificate.ts'
import type { Credentials } from './credentials.ts'
import type { CertificateIdentity, CertificateOptions } from './options.ts'
import type { Principal } from './principal.ts'
import { readCertificate } from './read-certificate.ts'
import { invalidCredential } from './refusal.ts'

const KEY: Principal = { id: 'key:1', name: 'key', kind: 'api-key', roles: ['reader'] }
const bearer: Authenticator = {
  authenticate: ({ authorization: [value] }) => {
    if (value === undefined) return undefined
    return value === 'Bearer good' ? KEY : invalidCredential('wrong')
  },
  isValid: ({ id }) => id === 'key:1',
}
const OPTIONS: CertificateOptions = {
  identity: 'spiffe',
  trustDomains: ['example.org'],
  rules: [
    { match: 'spiffe://example.org/ns/prod/*', roles: ['writer'], tenant: 'acme', user: 'ann', scopes: ['a:read'] },
    { match: 'spiffe://example.org/ns/*/agent', roles: ['reader'], claims: { region: 'eu' } },
  ],
}

let authority: TestAuthority
beforeAll(() => {
  authority = new TestAuthority()
})
afterAll(() => authority.remove())

function certificateWith(alternatives: string | undefined, subject = '/CN=agent'): ClientCertificate {
  const extensions = alternatives === undefined ? [] : [`subjectAltName = ${alternatives}`]
  const { cert } = authority.issue({ subject, extensions })
  return certificateOf(new X509Certificate(cert).raw)
}

const certificateOf = (der: Uint8Array, problem?: string): ClientCertificate => ({
  fields: readCertificate(der),
  findProblem: () => problem,
})

function ask(
  certificate: ClientCertificate | undefined,
  options: Partial<CertificateOptions> = {},
  bearerValue?: string,
): Authentication {
  const authenticator = new CertificateAuthenticator({ certificates: { ...OPTIONS, ...options }, bearer })
  return authenticator.authenticate(credentials(certificate, bearerValue)) as Authentication
}

function credentials(certificate: ClientCertificate | undefined, value?: string, query = ''): Credentials {
  const authorization = value === undefined ? [] : [value]
  const own = certificate === undefined ? {} : { certificate }
  return { authorization, query, address: '192.0.2.1', method: 'POST', path: '/mcp', rawHeaders: [], ...own }
}

/** What is told; the reason is for the log. */
function refused(answer: Authentication): { told: string; reason: string } {
  if (answer === undefined || !isRefusal(answer)) throw new Error('It was let in.')
  const { error, challenge, retryAfterSeconds } = answer
  return {
    told: JSON.stringify([error.code, error.message, error.hint, challenge, retryAfterSeconds]),
    reason: answer.reason,
  }
}

describe('a client certificate', () => {
  it('lets its SPIFFE ID in, as the first rule that matches says, until it expires', () => {
    const certificate = certificateWith('URI:spiffe://example.org/ns/prod/agent')
    expect(ask(certificate)).toEqual({
      id: 'certificate:spiffe://example.org/ns/prod/agent',
      name: 'spiffe://example.org/ns/prod/agent',
      kind: 'certificate',
      roles: ['writer'],
      tenant: 'acme',
      user: 'ann',
      scopes: ['a:read'],
      expiresAt: certificate.fields.notAfter,
    })
    expect(ask(certificateWith('URI:spiffe://example.org/ns/test/agent'))).toMatchObject({
      roles: ['reader'],
      claims: { region: 'eu' },
    })
  })

  it('is refused with one answer, whatever is wrong with it', () => {
    const long = `URI:spiffe://example.org/${'a'.repeat(2050)}`
    const cases: readonly (readonly [string | undefined, string])[] = [
      ['URI:spiffe://example.org/ns/prod/agent, URI:spiffe://example.org/ns/test/agent', 'more than one'],
      ['URI:spiffe://example.org/ns/prod/agent, URI:https://example.org', 'more than one'],
      ['URI:spiffe://evil.org/ns/prod/agent', 'foreign trust domain'],
      ['URI:spiffe://example.org.evil.org/ns/prod/agent', 'foreign trust domain'],
      ['URI:spiffe://EXAMPLE.org/ns/prod/agent', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org/ns/prod/', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org/ns/../prod/agent', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org/ns/prod/agent?x=1', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org/ns/prod/%2e%2e', 'not a SPIFFE ID'],
      ['URI:https://example.org/ns/prod/agent', 'not a SPIFFE ID'],
      ['URI:spiffe://example.org/ns/prod/*', 'forbidden characters'],
      ['URI:spiffe://example.org/ns/prod/a/b', 'no rule'],
      ['URI:spiffe://example.org/other', 'no rule'],
      [long, 'too long'],
      ['DNS:example.org', 'no spiffe'],
      [undefined, 'no spiffe'],
    ]
    const answers = cases.map(([alternatives]) => refused(ask(certificateWith(alternatives))))
    expect(
      answers
        .map(({ reason }, at) => [reason, reason.includes(cases[at]?.[1] ?? '')])
        .filter(([, fits]) => fits !== true),
    ).toEqual([])
    const revoked = certificateOf(new X509Certificate(authority.cert).raw, 'revoked')
    const all = new Set([...answers, refused(ask(revoked))].map(({ told }) => told))
    expect(all.size).toBe(1)
    expect([...all][0]).not.toMatch(/spiffe|revoked|rule/)
  })

  it.each<[CertificateIdentity, string | undefined, string, string]>([
    ['cn', undefined, '/CN=agent-7', 'agent-7'],
    ['serialNumber', undefined, '/CN=x/serialNumber=42', '42'],
    ['dns', 'DNS:Agent.Example.org', '/CN=x', 'agent.example.org'],
    ['email', 'email:ann@example.org', '/CN=x', 'ann@example.org'],
    ['uri', 'URI:urn:agent:7', '/CN=x', 'urn:agent:7'],
  ])('is known by its %s where that is configured', (identity, alternatives, subject, name) => {
    const rules = [{ match: name, roles: ['reader'] }]
    expect(ask(certificateWith(alternatives, subject), { identity, trustDomains: [], rules })).toMatchObject({
      id: `certificate:${name}`,
    })
  })

  it('is refused where the field is there twice, has a wildcard, or characters nobody sees', () => {
    const refusedBy = (identity: CertificateIdentity, alternatives: string | undefined, subject: string): string => {
      const rules = [{ match: '*', roles: ['reader'] }]
      return refused(ask(certificateWith(alternatives, subject), { identity, trustDomains: [], rules })).reason
    }
    expect(refusedBy('cn', undefined, '/CN=a/CN=b')).toContain('more than one')
    expect(refusedBy('cn', undefined, '/O=a')).toContain('no cn')
    expect(refusedBy('dns', 'DNS:*.example.org', '/CN=x')).toContain('forbidden')
    expect(refusedBy('dns', 'DNS:a.example.org, DNS:b.example.org', '/CN=x')).toContain('more than one')
    expect(refusedBy('cn', undefined, '/CN=\u0430dmin')).toContain('forbidden')
    expect(refusedBy('cn', undefined, '/CN= admin')).toContain('forbidden')
  })

  it('is refused with a NUL in its name, however the name goes on', () => {
    const { raw } = new X509Certificate(authority.issueClient('DNS:admin.example.org').cert)
    const at = raw.indexOf('admin.example.org')
    const forged = Buffer.from(raw)
    forged[at + 'admin'.length] = 0
    const rules = [{ match: '*', roles: ['reader'] }]
    for (const match of ['admin', '*', 'admin*']) {
      const answer = ask(certificateOf(forged), {
        identity: 'dns',
        trustDomains: [],
        rules: [{ ...rules[0], match, roles: [] }],
      })
      expect(refused(answer).reason).toContain('forbidden')
    }
  })

  it('takes * for one part of a name alone', () => {
    const rules = [{ match: '*.example.org', roles: ['reader'] }]
    const dns = { identity: 'dns', trustDomains: [], rules } as const
    expect(ask(certificateWith('DNS:a.example.org'), dns)).toMatchObject({ roles: ['reader'] })
    for (const name of ['a.b.example.org', 'example.org', 'axexample.org', 'a.example.org.evil.org']) {
      expect(refused(ask(certificateWith(`DNS:${name}`), dns)).reason).toContain('no rule')
    }
  })
})

describe('a certificate beside another credential', () => {
  it('does not say who calls: the bearer does, alone', () => {
    const certificate = certificateWith('URI:spiffe://example.org/ns/prod/agent')
    expect(ask(certificate, {}, 'Bearer good')).toBe(KEY)
    expect(refused(ask(certificate, {}, 'Bearer wrong')).reason).toBe('wrong')
    // What is not understood is still a credential: nobody falls back to the certificate.
    expect(refused(ask(certificate, {}, 'Basic dTpw')).reason).toBe('wrong')
  })

  it('is refused for both where it is not good', () => {
    const { raw } = new X509Certificate(authority.cert)
    expect(refused(ask(certificateOf(raw, 'revoked'), {}, 'Bearer good')).reason).toBe('client certificate: revoked')
  })

  it('is refused with a credential in the URL', () => {
    const authenticator = new CertificateAuthenticator({ certificates: OPTIONS, bearer })
    const certificate = certificateWith('URI:spiffe://example.org/ns/prod/agent')
    const answer = authenticator.authenticate(credentials(certificate, undefined, 'access_token=x')) as Authentication
    expect(refused(answer).reason).toBe('credential in the URL')
  })

  it('is nobody where certificates identify nobody, and no credential is none', () => {
    const authenticator = new CertificateAuthenticator({ certificates: undefined, bearer })
    const certificate = certificateWith('URI:spiffe://example.org/ns/prod/agent')
    expect(authenticator.authenticate(credentials(certificate))).toBeUndefined()
    expect(ask(undefined)).toBeUndefined()
  })
})

describe('whoever was let in with a certificate', () => {
  it('stays as long as it is good, and goes when it is revoked or its rule has gone', () => {
    let problem: string | undefined
    const { fields } = certificateWith('URI:spiffe://example.org/ns/prod/agent')
    const authenticator = new CertificateAuthenticator({ certificates: OPTIONS, bearer })
    const principal = authenticator.authenticate(credentials({ fields, findProblem: () => problem })) as Principal
    expect(authenticator.isValid(principal)).toBe(true)
    const without = new CertificateAuthenticator({
      certificates: { ...OPTIONS, rules: OPTIONS.rules.slice(1, 1) },
      bearer,
    })
    expect(without.isValid(principal)).toBe(false)
    problem = 'revoked'
    expect(authenticator.isValid(principal)).toBe(false)
    expect(authenticator.isValid({ ...principal })).toBe(false)
    expect(authenticator.isValid(KEY)).toBe(true)
  })
})
