import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { newApiKey } from '../../../src/app/keys/make-key.ts'
import type { StoredKey } from '../../../src/storage/key-store.ts'
import type { Issued, TestAuthority } from '../../fixtures/certificates.ts'
import { hashOf, makeKey, makeProofKey, type NamedKey, type ProofKey, sign } from '../../oauth/test-issuer.ts'
import type { Kind, State } from './cells.ts'
import type { Ground, Server } from './start-server.ts'

/** What somebody sends to be let in. */
export interface Credential {
  readonly kind: Kind
  readonly state: State
  /** The principal's id where it lets somebody in. */
  readonly id: string
  /** Made anew for every request, since a proof is good for one. */
  headers(of: { readonly method: string; readonly path: string }): Promise<Readonly<Record<string, string>>>
  readonly certificate?: Issued | undefined
}

/** Certificates by their state; they are made before the server, whose revocation list names one of them. */
export type Certificates = Readonly<Partial<Record<State, Issued>>> & { readonly other: Issued }

const AGENT = 'URI:spiffe://example.org/acme/agent'
const PAST = { from: '20200101000000Z', to: '20200102000000Z' }

export function makeCertificates(authority: TestAuthority, stranger: TestAuthority): Certificates {
  const forServers = [`subjectAltName = ${AGENT}`, 'extendedKeyUsage = serverAuth']
  return {
    good: authority.issueClient(AGENT),
    'under-scoped': authority.issueClient('URI:spiffe://example.org/acme/short'),
    'other-tenant': authority.issueClient('URI:spiffe://example.org/globex/agent'),
    expired: authority.issueClient(AGENT, PAST),
    revoked: authority.issueClient(AGENT),
    // What it may be used for is the nearest to an audience that a certificate has.
    'wrong-audience': authority.issue({ extensions: forServers }),
    'wrong-issuer': stranger.issueClient(AGENT),
    malformed: authority.issueClient(`${AGENT}, URI:spiffe://example.org/globex/agent`),
    other: authority.issueClient('URI:spiffe://example.org/globex/agent'),
  }
}

const certificateId = (path: string): string => `certificate:spiffe://example.org/${path}`

export function certificateCredentials(certificates: Certificates): Credential[] {
  const ids: Partial<Record<State, string>> = {
    good: certificateId('acme/agent'),
    'under-scoped': certificateId('acme/short'),
    'other-tenant': certificateId('globex/agent'),
  }
  return Object.entries(certificates).flatMap(([state, certificate]) =>
    state === 'other'
      ? []
      : [
          {
            kind: 'mtls',
            state: state as State,
            id: ids[state as State] ?? '',
            headers: async () => ({}),
            certificate,
          },
        ],
  )
}

const OWNER = { roles: ['owner'], tenant: 'acme' }
const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString()

interface Keys {
  readonly known: readonly StoredKey[]
  readonly credentials: readonly Credential[]
  /** A key that is valid elsewhere alone. */
  readonly elsewhere: string
}

/** Keys, and what the server is to know of them. */
export async function keyCredentials({ config }: Ground): Promise<Keys> {
  const make = (state: string, more: object) => newApiKey(config, { name: state, ...OWNER, ...more })
  const good = await make('good', {})
  const short = await make('under-scoped', { scopes: ['notes:read'] })
  const other = await make('other-tenant', { roles: ['member'], tenant: 'globex' })
  const expired = await make('expired', { expiresAt: YESTERDAY })
  const revoked = await make('revoked', {})
  const unknown = await make('wrong-key', {})
  const elsewhere = await make('elsewhere', { allowFrom: ['10.0.0.0/8'] })
  const texts: Partial<Record<State, string>> = {
    good: good.text,
    'under-scoped': short.text,
    'other-tenant': other.text,
    expired: expired.text,
    revoked: revoked.text,
    // Its checksum is right and its id is known; its secret is that of another key.
    'wrong-key': unknown.text,
    malformed: `${good.text.slice(0, -1)}${good.text.endsWith('0') ? '1' : '0'}`,
  }
  const ids = { good: good.stored.id, 'under-scoped': short.stored.id, 'other-tenant': other.stored.id }
  const known = [
    ...[good.stored, short.stored, other.stored, expired.stored, elsewhere.stored],
    { ...revoked.stored, revokedAt: YESTERDAY },
    { ...unknown.stored, hash: good.stored.hash },
  ]
  const credentials = Object.entries(texts).map(([state, text]): Credential => {
    const id = ids[state as keyof typeof ids]
    const headers = async () => ({ authorization: `Bearer ${text}` })
    return { kind: 'key', state: state as State, id: id === undefined ? '' : `key:${id}`, headers }
  })
  return { known, credentials, elsewhere: elsewhere.text }
}

const SCOPES = 'notes:read notes:write notes:admin'
const HOUR = 3_600

/** What tokens are made with. */
interface Mint {
  readonly server: Server
  readonly forger: NamedKey
  readonly proof: ProofKey
  readonly otherProof: ProofKey
  readonly certificates: Certificates
}

export async function tokenCredentials(server: Server, certificates: Certificates): Promise<Credential[]> {
  const { kid } = server.signingKey
  const [forger, proof, otherProof] = [await makeKey(kid, 'ES256'), await makeProofKey(), await makeProofKey()]
  const mint: Mint = { server, forger, proof, otherProof, certificates }
  const states: readonly State[] = [
    ...(['good', 'under-scoped', 'other-tenant', 'expired', 'revoked', 'wrong-audience'] as const),
    ...(['wrong-issuer', 'wrong-key', 'malformed'] as const),
  ]
  const bound: readonly State[] = [...states, 'missing-proof']
  return [
    ...(await Promise.all(states.map((state) => plainToken(mint, state)))),
    ...(await Promise.all(bound.map((state) => provenToken(mint, state)))),
    ...(await Promise.all(bound.map((state) => certificateToken(mint, state)))),
  ]
}

/** The token of a state, good but for what the state says. */
async function tokenOf(
  { server, forger }: Mint,
  state: State,
  { subject, cnf }: { subject: string; cnf?: object },
): Promise<{ token: string; id: string }> {
  const now = Math.floor(Date.now() / 1000)
  const isOther = state === 'other-tenant'
  const sub = isOther ? `${subject}-globex` : subject
  // What the issuer says when it is asked is right but for revocation, so that the token itself must be found wrong.
  const right = {
    ...{ iss: server.issuer.url, aud: server.url, sub, client_id: 'app', jti: randomUUID(), iat: now, exp: now + HOUR },
    ...(isOther ? { tenant: 'globex', roles: ['member'] } : { tenant: 'acme', roles: ['owner'] }),
    ...{ scope: state === 'under-scoped' ? 'notes:read' : SCOPES, cnf },
  }
  const claims = {
    ...right,
    ...(state === 'expired' ? { iat: now - 2 * HOUR, exp: now - HOUR } : {}),
    ...(state === 'wrong-audience' ? { aud: `${server.url}x` } : {}),
    ...(state === 'wrong-issuer' ? { iss: `${server.issuer.url}/other` } : {}),
  }
  const isForged = state === 'wrong-key' && cnf === undefined
  const token = await sign(isForged ? forger : server.signingKey, claims)
  if (state !== 'revoked') server.activeTokens.set(token, right)
  return { token, id: `oauth:${server.issuer.url}:${sub}` }
}

async function plainToken(mint: Mint, state: State): Promise<Credential> {
  const { token, id } = await tokenOf(mint, state, { subject: 'jwt' })
  const sent = state === 'malformed' ? `${token}x` : token
  return { kind: 'jwt', state, id, headers: async () => ({ authorization: `Bearer ${sent}` }) }
}

/** RFC 9449: `missing-proof` passes for a plain token every other time, `wrong-key` is proved with another key than the token's, `malformed` is a proof that is none. */
async function provenToken(mint: Mint, state: State): Promise<Credential> {
  const cnf = { jkt: mint.proof.thumbprint }
  const { token, id } = await tokenOf(mint, state, { subject: 'dpop', cnf })
  const key = state === 'wrong-key' ? mint.otherProof : mint.proof
  let count = 0
  const headers: Credential['headers'] = async ({ method, path }) => {
    count += 1
    if (state === 'missing-proof') return { authorization: `${count % 2 === 0 ? 'Bearer' : 'DPoP'} ${token}` }
    const authorization = `DPoP ${token}`
    const iat = Math.floor(Date.now() / 1000)
    const made = await key.prove({ htm: method, htu: new URL(path, mint.server.url).href, iat, ath: hashOf(token) })
    return { authorization, dpop: state === 'malformed' ? made.slice(0, -8) : made }
  }
  return { kind: 'dpop', state, id, headers }
}

/**
 * RFC 8705 §3: `wrong-key` comes over the connection of another certificate, `malformed` is bound in a way that nobody can check.
 * The certificate would let its holder in by itself, so a bad token shows that nothing falls back to it.
 */
async function certificateToken(mint: Mint, state: State): Promise<Credential> {
  const own = mint.certificates.good as Issued
  const raw = new X509Certificate(own.cert).raw
  const thumbprint = createHash('sha256').update(raw).digest('base64url')
  const cnf = state === 'malformed' ? { kid: 'one' } : { 'x5t#S256': thumbprint }
  const { token, id } = await tokenOf(mint, state, { subject: 'bound', cnf })
  const certificate = state === 'missing-proof' ? undefined : state === 'wrong-key' ? mint.certificates.other : own
  return { kind: 'bound', state, id, headers: async () => ({ authorization: `Bearer ${token}` }), certificate }
}

export const nobody: Credential = { kind: 'none', state: 'missing-proof', id: '', headers: async () => ({}) }
