import type { Algorithm, ClaimOptions, PresetName } from './options.ts'

/** What is known of a kind of issuer. What the configuration says goes before it. */
export interface Preset {
  readonly algorithms?: readonly Algorithm[]
  readonly tokenTypes?: readonly string[]
  readonly claims?: ClaimOptions
  /** Claims one of which names the client; a token of the user's sign-in has none of them. */
  readonly clientClaims?: readonly string[]
  /** Claims that must have one of these values. */
  readonly fixed?: Readonly<Record<string, readonly string[]>>
  /** Asked instead of an introspection endpoint, and without credentials. */
  readonly tokenInfo?: string
}

/** RFC 9068 to the letter; what is no preset is held to it. */
export const STANDARD: Preset = { tokenTypes: ['at+jwt'], clientClaims: ['client_id'] }

/**
 * The five recipes of docs/how-to/accept-tokens-of-your-identity-provider.md. None of these issuers marks its access tokens
 * as RFC 9068 wants it by default, so each row says what tells them from ID tokens instead.
 */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  keycloak: {
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    tokenTypes: ['at+jwt', 'JWT'],
    clientClaims: ['azp', 'client_id'],
    // Of an ID token it is `ID`, of a refresh token `Refresh`; with the type in the header the claim is left out.
    fixed: { typ: ['Bearer', 'DPoP'] },
    claims: { roles: 'realm_access.roles' },
  },
  entra: {
    algorithms: ['RS256'],
    tokenTypes: ['JWT', 'at+jwt'],
    // v2.0, v1.0. An ID token of the same application has the same `aud` and neither of the two.
    clientClaims: ['azp', 'appid'],
    // `sub` differs for each application, `oid` does not.
    claims: { user: 'oid', tenant: 'tid', roles: 'roles', scopes: 'scp' },
  },
  okta: {
    algorithms: ['RS256'],
    tokenTypes: ['none', 'at+jwt', 'application/okta-internal-at+jwt'],
    clientClaims: ['cid'],
    claims: { roles: 'groups', scopes: 'scp' },
  },
  auth0: {
    algorithms: ['RS256', 'PS256'],
    tokenTypes: ['JWT', 'at+jwt'],
    clientClaims: ['azp', 'client_id'],
    claims: { roles: 'permissions' },
  },
  google: {
    // Its access tokens are opaque, and its ID tokens are for the client that asked, never for a resource.
    tokenTypes: [],
    clientClaims: ['azp'],
    tokenInfo: 'https://oauth2.googleapis.com/tokeninfo',
  },
}
