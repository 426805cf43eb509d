import { X509Certificate } from 'node:crypto'
import { type CertificateFields, readCertificate } from './read-certificate.ts'
import { type RevocationList, readRevocationLists } from './revocation-list.ts'

/** Certificates that follow each other, the caller's own first; the last is, or is issued by, one that is trusted. */
export type CertificateChain = readonly X509Certificate[]

/** The files that say which client certificates are good, as PEM. */
export interface TrustFiles {
  readonly clientCa: string
  readonly crl?: string | undefined
}

/** Whom client certificates are believed from, and which of them were revoked. */
export interface CertificateTrust {
  /** Why nobody is let in with it at this moment; `undefined` when somebody may be. For the log, never for the caller. */
  findProblem(chain: CertificateChain, now: number): string | undefined
  /** Milliseconds since the epoch at which the first list says nothing any more; absent without lists. */
  readonly listsEndAt: number | undefined
}

const PEM = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g
const MAX_DEPTH = 8
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
const ANY_USAGE = '2.5.29.37.0'

/**
 * Checks client certificates again after the handshake (RFC 5280 §6): times, usage, every signature up to a trusted one, and
 * revocation along the whole chain. Without a list of an issuer that is valid now nobody of it is let in. Throws `RangeError`
 * or an error of OpenSSL for files that cannot be read.
 */
export function createCertificateTrust({ clientCa, crl }: TrustFiles): CertificateTrust {
  const authorities = readCertificates(clientCa)
  if (authorities.length === 0) throw new RangeError('There is no certificate in it.')
  if (!authorities.every(({ ca }) => ca)) throw new RangeError('One of its certificates is not of an authority.')
  if (!authorities.some(isRoot)) throw new RangeError('The root is missing: none of its certificates signs itself.')
  const lists = crl === undefined ? undefined : new Map(readRevocationLists(crl).map((list) => [list.issuer, list]))
  const ends = lists === undefined ? [] : [...lists.values()].map(({ nextUpdate }) => nextUpdate)
  // The signatures of a chain are verified once: the chains of open connections stay the same objects.
  const known = new WeakMap<CertificateChain, Verdict>()
  return {
    listsEndAt: ends.length === 0 ? undefined : Math.min(...ends),
    findProblem(chain, now) {
      const verdict = known.get(chain) ?? verifyChain(chain, authorities)
      known.set(chain, verdict)
      if (verdict.problem !== undefined) return verdict.problem
      for (const fields of verdict.chain) {
        const problem = problemOf(fields, lists, now)
        if (problem !== undefined) return problem
      }
      return undefined
    },
  }
}

/** The certificates in a PEM text, in order. */
export function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(PEM) ?? []).map((text) => new X509Certificate(text))
}

/** What stays as it is as long as the authorities do. */
interface Verdict {
  readonly problem?: string
  readonly chain: readonly CertificateFields[]
}

function verifyChain(chain: CertificateChain, authorities: CertificateChain): Verdict {
  const [leaf] = chain
  if (leaf === undefined) return { problem: 'no certificate', chain: [] }
  if (!isForClients(leaf)) return { problem: 'not a certificate for clients', chain: [] }
  const whole = completeChain(chain, authorities)
  if (whole === undefined) return { problem: 'from an authority that is not trusted', chain: [] }
  return { chain: whole.map(({ raw }) => readCertificate(raw)) }
}

/** From the leaf up to a trusted root, each issued by the next; `undefined` where that is not so. */
function completeChain([leaf, ...sent]: CertificateChain, authorities: CertificateChain): CertificateChain | undefined {
  const chain = leaf === undefined ? [] : [leaf]
  const known = [...authorities, ...sent.filter(({ ca }) => ca)]
  for (let last = leaf; last !== undefined && chain.length <= MAX_DEPTH; ) {
    const current: X509Certificate = last
    if (isRoot(current)) return authorities.some(({ raw }) => raw.equals(current.raw)) ? chain : undefined
    last = known.find((candidate) => isIssuedBy(current, candidate))
    if (last !== undefined) chain.push(last)
  }
  return undefined
}

function isRoot(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate)
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

/** Extended key usage, where the certificate has one (RFC 5280 §4.2.1.12). */
function isForClients({ keyUsage, ca }: X509Certificate): boolean {
  if (ca) return false
  return keyUsage === undefined || keyUsage.includes(CLIENT_AUTH) || keyUsage.includes(ANY_USAGE)
}

function problemOf(
  { issuer, serial, notBefore, notAfter }: CertificateFields,
  lists: ReadonlyMap<string, RevocationList> | undefined,
  now: number,
): string | undefined {
  if (now < notBefore) return 'not valid yet'
  if (now > notAfter) return 'expired'
  if (lists === undefined) return undefined
  const list = lists.get(issuer)
  if (list === undefined) return 'no revocation list of its issuer'
  if (now < list.thisUpdate || now > list.nextUpdate) return 'the revocation list of its issuer is not valid now'
  return list.revoked.has(serial) ? 'revoked' : undefined
}
