import { apiKeyPattern } from './api-key.ts'

/** What a request says about who sends it, before anything of it is believed. */
export interface Credentials {
  /** Every `Authorization` header, in order. Node folds a second one away; here it is seen, and refused. */
  readonly authorization: readonly string[]
  /** The query of the URL without `?`, as sent; empty when there is none. */
  readonly query: string
  /** The address the connection comes from; failures are counted by it. */
  readonly address: string
  /** The HTTP method. */
  readonly method: string
  /** The path of the URL, as sent. */
  readonly path: string
  /** Names and values in turn, as sent; `headerValues` finds them. */
  readonly rawHeaders: readonly string[]
}

/** The parts of an HTTP request in which credentials are looked for. */
export interface RequestParts {
  /** Names and values in turn, as `IncomingMessage.rawHeaders` has them. */
  readonly rawHeaders: readonly string[]
  readonly url: string | undefined
  readonly method?: string | undefined
  readonly address: string | undefined
}

const AUTHORIZATION = 'authorization'
const BEARER = /^bearer +([0-9A-Za-z\-._~+/]+=*) *$/i
const QUERY_NAMES = /(?:^|[&;])(?:access_token|api[_-]?key|authorization|key|token)=/i

/** The credentials in a request, none of them checked. */
export function readCredentials({ rawHeaders, url = '', method = '', address = '' }: RequestParts): Credentials {
  const mark = url.indexOf('?')
  return {
    authorization: headerValues(rawHeaders, AUTHORIZATION),
    query: mark === -1 ? '' : url.slice(mark + 1),
    address,
    method,
    path: mark === -1 ? url : url.slice(0, mark),
    rawHeaders,
  }
}

/** Every value of a header, in order, none folded into another; `name` in lower case. */
export function headerValues(rawHeaders: readonly string[], name: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const sent = rawHeaders[at] as string
    if (sent.length === name.length && sent.toLowerCase() === name) values.push(rawHeaders[at + 1] ?? '')
  }
  return values
}

/** Whether a query carries a credential. URLs end up in logs and histories, so one that does is refused (RFC 6750 §5.3). */
export function carriesCredential(query: string): boolean {
  return query !== '' && (QUERY_NAMES.test(query) || apiKeyPattern.test(query))
}

/** The token of a `Bearer` header, or `undefined` for another scheme or a malformed value (RFC 6750 §2.1). */
export function bearerToken(header: string): string | undefined {
  return BEARER.exec(header)?.[1]
}
