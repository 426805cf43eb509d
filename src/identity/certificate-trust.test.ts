import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Issued, TestAuthority } from '../../test/fixtures/certificates.ts'
import { createCertificateTrust, readCertificates } from './certificate-trust.ts'

const DAY_MS = 86_400_000
let authority: TestAuthority
let stranger: TestAuthority
let renamed: TestAuthority
let good: Issued
let revoked: Issued
let crl: string

beforeAll(() => {
  authority = new TestAuthority()
  stranger = new TestAuthority()
  renamed = new TestAuthority('Another CA')
  good = authority.issueClient('URI:spiffe://example.org/agent')
  revoked = authority.issueClient('URI:spiffe://example.org/agent')
  authority.revoke(revoked)
  crl = authority.revocationList()
})

afterAll(() => {
  authority.remove()
  stranger.remove()
  renamed.remove()
})

const chainOf = ({ cert }: { cert: string }): X509Certificate[] => [new X509Certificate(cert)]

describe('trust in client certificates', () => {
  it('lets a good one pass, with and without its authority in the chain', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert, crl })
    expect(trust.findProblem(chainOf(good), Date.now())).toBeUndefined()
    expect(trust.findProblem([...chainOf(good), ...chainOf(authority)], Date.now())).toBeUndefined()
    expect(trust.listsEndAt).toBeGreaterThan(Date.now() + 6 * DAY_MS)
  })

  it('refuses the one that was revoked', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert, crl })
    expect(trust.findProblem(chainOf(revoked), Date.now())).toBe('revoked')
    expect(
      createCertificateTrust({ clientCa: authority.cert }).findProblem(chainOf(revoked), Date.now()),
    ).toBeUndefined()
  })

  it('refuses everybody once the list has expired', () => {
    const expired = authority.revocationList('20210101000000Z')
    const trust = createCertificateTrust({ clientCa: authority.cert, crl: expired })
    expect(trust.findProblem(chainOf(good), Date.now())).toContain('not valid now')
    const later = createCertificateTrust({ clientCa: authority.cert, crl })
    expect(later.findProblem(chainOf(good), Date.now() + 8 * DAY_MS)).toContain('not valid now')
  })

  it('refuses whom no list is about', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert, crl: renamed.revocationList() })
    expect(trust.findProblem(chainOf(good), Date.now())).toContain('no revocation list')
  })

  it('refuses a certificate before and after its time', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert })
    expect(trust.findProblem(chainOf(good), Date.now() + 11 * DAY_MS)).toBe('expired')
    expect(trust.findProblem(chainOf(good), Date.now() - DAY_MS)).toBe('not valid yet')
  })

  it('refuses one of another authority of the same name, and that authority sent along', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert, crl })
    const foreign = stranger.issueClient('URI:spiffe://example.org/agent')
    expect(trust.findProblem(chainOf(foreign), Date.now())).toContain('not trusted')
    expect(trust.findProblem([...chainOf(foreign), ...chainOf(stranger)], Date.now())).toContain('not trusted')
  })

  it('refuses a certificate of a server, and one of an authority', () => {
    const trust = createCertificateTrust({ clientCa: authority.cert, crl })
    expect(trust.findProblem(chainOf(authority.issueServer()), Date.now())).toBe('not a certificate for clients')
    expect(trust.findProblem(chainOf(authority), Date.now())).toBe('not a certificate for clients')
    expect(trust.findProblem([], Date.now())).toBe('no certificate')
  })

  it('finds the way over an authority in between, and wants its list too', () => {
    const middle = authority.issueAuthority('Middle CA')
    const leaf = middle.issueClient('URI:spiffe://example.org/agent')
    const chain = [...chainOf(leaf), ...chainOf(middle)]
    expect(createCertificateTrust({ clientCa: authority.cert }).findProblem(chain, Date.now())).toBeUndefined()
    const one = createCertificateTrust({ clientCa: authority.cert, crl })
    expect(one.findProblem(chain, Date.now())).toContain('no revocation list')
    const both = createCertificateTrust({ clientCa: authority.cert, crl: `${crl}${middle.revocationList()}` })
    expect(both.findProblem(chain, Date.now())).toBeUndefined()
    middle.remove()
  })

  it.each([
    ['nothing', '', 'no certificate'],
    ['garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'asn1'],
  ])('takes no file of authorities with %s in it', (_, clientCa, reason) => {
    expect(() => createCertificateTrust({ clientCa })).toThrow(reason)
  })

  it('takes no file of authorities with a client in it, and no list that is none', () => {
    expect(() => createCertificateTrust({ clientCa: good.cert })).toThrow('not of an authority')
    expect(() => createCertificateTrust({ clientCa: authority.cert, crl: '' })).toThrow('no revocation list')
    const cut = crl.split('\n').toSpliced(2, 1).join('\n')
    expect(() => createCertificateTrust({ clientCa: authority.cert, crl: cut })).toThrow(RangeError)
  })

  it('reads every certificate of a file', () => {
    expect(readCertificates(`${authority.cert}\ncomment\n${stranger.cert}`)).toHaveLength(2)
  })
})
