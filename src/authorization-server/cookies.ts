import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

/** What browsers carry for the pages, beside what oidc-provider sets. */
export interface PageCookies {
  /** A token for a form at this path, good in this browser alone. Sets the browser's cookie when it has none. */
  formToken(request: IncomingMessage, response: ServerResponse, path: string): string
  isFormToken(request: IncomingMessage, path: string, token: string | undefined): boolean
  /** Whether a user has signed in with this browser before. */
  isKnownDevice(request: IncomingMessage, userId: string | undefined): boolean
  rememberDevice(response: ServerResponse, userId: string): void
  /** Name of the session's cookie, which oidc-provider sets. */
  readonly session: string
  forget(response: ServerResponse, name: string): void
}

const YEAR_SECONDS = 31_536_000

/** On https every cookie is `__Host-`: no other host and no plain http can set it. */
export function createPageCookies(key: Uint8Array, isSecure: boolean): PageCookies {
  const prefix = isSecure ? '__Host-toolgate-' : 'toolgate-'
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url')
  const set = (response: ServerResponse, name: string, value: string, maxAge: number): void => {
    response.appendHeader('set-cookie', `${name}=${value}; Max-Age=${maxAge}${attributes}`)
  }
  const browserOf = (request: IncomingMessage): string | undefined => {
    const value = readCookie(request, `${prefix}form`)
    return value !== undefined && /^[\w-]{22}$/.test(value) ? value : undefined
  }
  const tokenOf = (browser: string, path: string): string => sign(`form ${browser} ${path}`)
  return {
    session: `${prefix}session`,
    formToken(request, response, path) {
      const known = browserOf(request)
      const browser = known ?? randomBytes(16).toString('base64url')
      if (known === undefined) set(response, `${prefix}form`, browser, 86_400)
      return tokenOf(browser, path)
    },
    isFormToken(request, path, token = '') {
      const browser = browserOf(request)
      return browser !== undefined && isEqual(token, tokenOf(browser, path))
    },
    isKnownDevice(request, userId) {
      const [id = '', proof = ''] = (readCookie(request, `${prefix}device`) ?? '').split('.')
      return isEqual(proof, sign(`device ${id}`)) && id === userId
    },
    rememberDevice: (response, userId) =>
      set(response, `${prefix}device`, `${userId}.${sign(`device ${userId}`)}`, YEAR_SECONDS),
    forget: (response, name) => set(response, name, '', 0),
  }
}

function readCookie(request: IncomingMessage, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim())
  const found = pairs.filter((pair) => pair.startsWith(`${name}=`))
  return found.length === 1 ? found[0]?.slice(name.length + 1) : undefined
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
