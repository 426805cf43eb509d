import type { CertificateIdentity } from './options.ts'
import type { CertificateFields } from './read-certificate.ts'

const MAX_LENGTH = 255
/** SPIFFE-ID §2.3: longer ones need not be supported. */
const MAX_SPIFFE_LENGTH = 2048
const SPIFFE = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/** Whom a certificate names, or why it names nobody. */
export type CertificateName = { readonly name: string } | { readonly problem: string }

/**
 * The one name in the field that is configured. None, two, a wildcard or anything that is not printable ASCII names nobody:
 * what is read differently by somebody else is no identity.
 */
export function readCertificateName(
  fields: CertificateFields,
  { identity, trustDomains }: { readonly identity: CertificateIdentity; readonly trustDomains: readonly string[] },
): CertificateName {
  const values = valuesOf(fields, identity)
  const [name] = values
  if (name === undefined) return { problem: `no ${identity} in the certificate` }
  if (values.length > 1) return { problem: `more than one ${identity} in the certificate` }
  if (name.length > (identity === 'spiffe' ? MAX_SPIFFE_LENGTH : MAX_LENGTH)) return { problem: `${identity} too long` }
  if (!PLAIN.test(name) || name.includes('*')) return { problem: `${identity} with forbidden characters` }
  return identity === 'spiffe'
    ? readSpiffeId(name, trustDomains)
    : { name: identity === 'dns' ? name.toLowerCase() : name }
}

/** X509-SVID §2: exactly one URI, whatever its scheme. */
function valuesOf(fields: CertificateFields, identity: CertificateIdentity): readonly string[] {
  switch (identity) {
    case 'spiffe':
    case 'uri':
      return fields.uris
    case 'dns':
      return fields.dnsNames
    case 'email':
      return fields.emails
    case 'cn':
      return fields.commonNames
    default:
      return fields.serialNumbers
  }
}

function readSpiffeId(name: string, trustDomains: readonly string[]): CertificateName {
  const [, domain = '', path = ''] = SPIFFE.exec(name) ?? []
  const isRelative = path.split('/').some((segment) => segment === '.' || segment === '..')
  if (domain === '' || isRelative) return { problem: 'the URI is not a SPIFFE ID of a workload' }
  return trustDomains.includes(domain) ? { name } : { problem: 'the SPIFFE ID is of a foreign trust domain' }
}
