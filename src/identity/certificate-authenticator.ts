import { type Authentication, type Authenticator, isRefusal } from './authenticator.ts'
import { readCertificateName } from './certificate-name.ts'
import type { ClientCertificate } from './client-certificate.ts'
import { type Credentials, carriesCredential, headerValues } from './credentials.ts'
import type { CertificateOptions, CertificateRule } from './options.ts'
import type { Principal } from './principal.ts'
import { credentialInUrl, invalidCertificate, type Refusal } from './refusal.ts'

/** What an authenticator of client certificates works with. */
export interface CertificateAuthenticatorOptions {
  /** Who is in a certificate; absent where certificates identify nobody and tokens alone are bound to them. */
  readonly certificates: CertificateOptions | undefined
  /** Looks at the headers. */
  readonly bearer: Authenticator
  /** A header in which keys are taken beside `Authorization`, in lower case. */
  readonly keyHeader?: string | undefined
}

/** Which certificate let a principal in, for as long as somebody holds that principal. */
const certificates = new WeakMap<Principal, ClientCertificate>()

/**
 * Authenticates by the client's certificate, where a request carries no `Authorization` header. Where it carries one, that alone
 * says who calls, and the certificate can do no more than bind its token (RFC 8705 §3): two identities are never mixed. A
 * certificate that is presented and not good is refused, whatever else is sent; every failure is answered alike.
 */
export class CertificateAuthenticator implements Authenticator {
  readonly #options: CertificateAuthenticatorOptions
  readonly #rules: readonly CompiledRule[]

  constructor(options: CertificateAuthenticatorOptions) {
    this.#options = options
    this.#rules = options.certificates === undefined ? [] : compileRules(options.certificates)
  }

  authenticate(credentials: Credentials): Authentication | Promise<Authentication> {
    const { certificate, query } = credentials
    const problem = certificate?.findProblem()
    if (problem !== undefined) return invalidCertificate(problem)
    if (certificate === undefined || this.#hasHeader(credentials)) return this.#options.bearer.authenticate(credentials)
    if (query !== '' && carriesCredential(query)) return credentialInUrl
    return this.#options.certificates === undefined ? undefined : this.#identify(certificate)
  }

  isValid(principal: Principal): boolean | Promise<boolean> {
    if (principal.kind !== 'certificate') return this.#options.bearer.isValid?.(principal) ?? true
    const certificate = certificates.get(principal)
    if (certificate === undefined || certificate.findProblem() !== undefined) return false
    const found = this.#identify(certificate)
    return !isRefusal(found) && found.id === principal.id
  }

  #hasHeader({ authorization, rawHeaders }: Credentials): boolean {
    const { keyHeader } = this.#options
    return authorization.length > 0 || (keyHeader !== undefined && headerValues(rawHeaders, keyHeader).length > 0)
  }

  #identify(certificate: ClientCertificate): Principal | Refusal {
    const { certificates: options } = this.#options
    if (options === undefined) return invalidCertificate('certificates identify nobody')
    const read = readCertificateName(certificate.fields, options)
    if ('problem' in read) return invalidCertificate(read.problem)
    const rule = this.#rules.find(({ pattern }) => pattern.test(read.name))
    if (rule === undefined) return invalidCertificate(`no rule for ${read.name}`)
    const principal = principalOf(read.name, rule.grant, certificate.fields.notAfter)
    certificates.set(principal, certificate)
    return principal
  }
}

interface CompiledRule {
  readonly pattern: RegExp
  readonly grant: CertificateRule
}

/** `*` stands for one or more characters within a part of the name: between two `/`, of a host name between two dots. */
function compileRules({ identity, rules }: CertificateOptions): readonly CompiledRule[] {
  const part = identity === 'dns' ? '[^./]+' : '[^/]+'
  return rules.map((grant) => {
    const match = identity === 'dns' ? grant.match.toLowerCase() : grant.match
    const source = match
      .split('*')
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join(part)
    return { pattern: new RegExp(`^${source}$`), grant }
  })
}

function principalOf(name: string, rule: CertificateRule, expiresAt: number): Principal {
  const { roles, tenant, user, scopes, claims } = rule
  return Object.freeze({
    id: `certificate:${name}`,
    name,
    kind: 'certificate',
    roles: Object.freeze([...roles]),
    ...(tenant === undefined ? {} : { tenant }),
    ...(user === undefined ? {} : { user }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(claims === undefined ? {} : { claims }),
    expiresAt,
  })
}
