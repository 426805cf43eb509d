import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A pair of keys under a name. */
export interface NamedKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** An issuer over real HTTP on loopback whose keys, documents and tokens a test decides on. */
export interface TestIssuer {
  readonly url: string
  /** What it publishes now. */
  keys: JWK[]
  /** Replaces the metadata. */
  metadata: Record<string, unknown>
  /** What it says of tokens that are asked about. */
  introspect: (token: string, authorization: string | undefined) => object | number
  /** While true it answers 503 to everything. */
  isDown: boolean
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  close(): Promise<void>
}

export async function makeKey(kid: string = randomUUID(), alg = 'RS256'): Promise<NamedKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export async function startIssuer(keys: readonly NamedKey[], path = ''): Promise<TestIssuer> {
  const asked: string[] = []
  const server = createServer((request, response) => void answer(issuer, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  const issuer: TestIssuer = {
    url,
    asked,
    keys: keys.map(({ publicJwk }) => publicJwk),
    metadata: {
      issuer: url,
      jwks_uri: `${url.replace(/\/$/, '')}/jwks`,
      introspection_endpoint: `${url.replace(/\/$/, '')}/introspect`,
    },
    introspect: () => ({ active: false }),
    isDown: false,
    close: () => close(server),
  }
  return issuer
}

function close(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

async function answer(issuer: TestIssuer, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? ''
  issuer.asked.push(path)
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const answered = issuer.isDown
    ? 503
    : documentAt(issuer, path, Buffer.concat(chunks).toString(), request.headers.authorization)
  if (typeof answered === 'number') response.writeHead(answered).end()
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answered))
}

function documentAt(
  issuer: TestIssuer,
  path: string,
  body: string,
  authorization: string | undefined,
): object | number {
  if (path.endsWith('/.well-known/openid-configuration')) return issuer.metadata
  if (path.endsWith('/jwks')) return { keys: issuer.keys }
  if (!path.endsWith('/introspect')) return 404
  const form = new URLSearchParams(body)
  return issuer.introspect(form.get('token') ?? form.get('access_token') ?? '', authorization)
}

/** Signs any claims under any header. */
export function sign(
  key: NamedKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  const alg = String(key.publicJwk.alg)
  const whole = { alg, kid: key.kid, typ: 'at+jwt', ...header }
  const present = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
  return new SignJWT(claims).setProtectedHeader(present as { alg: string }).sign(key.privateKey)
}

/** A client's key for proofs (RFC 9449). */
export interface ProofKey {
  readonly thumbprint: string
  prove(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>
}

export async function makeProofKey(alg = 'ES256'): Promise<ProofKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: (claims, header = {}) =>
      new SignJWT({ jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk, ...header } as { alg: string })
        .sign(privateKey),
  }
}

export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url')
}
