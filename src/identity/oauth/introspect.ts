import type { AskIssuer } from './issuer-metadata.ts'
import type { IntrospectionSettings } from './issuer-settings.ts'
import type { Claims } from './map-claims.ts'

/** The issuer cannot be asked, so nobody knows whether the token is right. */
class IntrospectionUnavailable extends Error {}

/** Asks an issuer about tokens. */
export interface Introspector {
  /**
   * What the issuer says of a token now, or `undefined` when it is not valid. Tokens that are asked about at the same time are
   * asked about once. Rejects with `IntrospectionUnavailable`.
   */
  ask(token: string, hash: string): Promise<Claims | undefined>
  /** Whether so many are being asked about that a suspect's token should not be. */
  readonly isBusy: boolean
}

interface Parts {
  readonly settings: IntrospectionSettings
  readonly ask: AskIssuer
  /** Where, unless it is configured. Rejects when the metadata cannot be read. */
  readonly endpoint: () => Promise<string>
  readonly clock: () => number
}

const MAX_AT_ONCE = 32
const MAX_OF_SUSPECTS = 4

/** Asks by RFC 7662 §2.1, or as Google wants it. Not more than 32 at once: what comes above is not known, and refused. */
export function createIntrospector({ settings, ask, endpoint, clock }: Parts): Introspector {
  const running = new Map<string, Promise<Claims | undefined>>()
  const start = async (token: string): Promise<Claims | undefined> => {
    try {
      const url = settings.endpoint ?? (await endpoint())
      const { status, body } = await ask(
        url,
        settings.form === 'tokeninfo' ? tokenInfo(token) : introspection(token, settings),
      )
      return settings.form === 'tokeninfo' ? readTokenInfo(status, body, clock()) : readAnswer(status, body)
    } catch (cause) {
      throw cause instanceof IntrospectionUnavailable ? cause : new IntrospectionUnavailable('', { cause })
    }
  }
  return {
    get isBusy() {
      return running.size >= MAX_OF_SUSPECTS
    },
    ask(token, hash) {
      const other = running.get(hash)
      if (other !== undefined) return other
      if (running.size >= MAX_AT_ONCE) return Promise.reject(new IntrospectionUnavailable('too many at once'))
      const asked = start(token).finally(() => running.delete(hash))
      running.set(hash, asked)
      return asked
    },
  }
}

interface Question {
  readonly form: URLSearchParams
  readonly headers: Record<string, string>
}

/** RFC 6749 §2.3.1: name and secret are encoded as in a form before they are joined. */
function introspection(token: string, { clientId, clientSecret }: IntrospectionSettings): Question {
  const encode = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1)
  const credentials = Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')
  return {
    form: new URLSearchParams({ token, token_type_hint: 'access_token' }),
    headers: { authorization: `Basic ${credentials}` },
  }
}

function readAnswer(status: number, body: Claims | undefined): Claims | undefined {
  if (body === undefined) throw new IntrospectionUnavailable(`it answers ${status}`)
  return body.active === true ? body : undefined
}

/** The token goes into the body and not, as in most examples, into the URL. */
function tokenInfo(token: string): Question {
  return { form: new URLSearchParams({ access_token: token }), headers: {} }
}

/** It answers 400 for a token that is not valid, and numbers as texts. */
function readTokenInfo(status: number, body: Claims | undefined, nowMs: number): Claims | undefined {
  if (status === 400) return undefined
  if (body === undefined) throw new IntrospectionUnavailable(`it answers ${status}`)
  const exp = Number(body.exp)
  if (!Number.isFinite(exp) || exp * 1000 <= nowMs || typeof body.exp !== 'string') return undefined
  return { ...body, exp }
}
