import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  askToken,
  authorize,
  authorizePath,
  claimsOf,
  codeFields,
  FormBrowser,
  type Lab,
  PASSWORD,
  REDIRECT,
  startLab,
} from '../../test/fixtures/authorization-lab.ts'

let lab: Lab
let browser: FormBrowser
beforeEach(async () => {
  lab = await startLab()
  await lab.addUser('ada')
  browser = new FormBrowser(lab.url)
})
afterEach(() => lab.stop())

const begin = async (given: Parameters<typeof authorizePath>[1] = {}): Promise<Response> =>
  browser.follow(await browser.go(authorizePath(lab, given)))
const signInForm = async (): Promise<string> => (await begin()).text()
const trySignIn = async (page: string, name: string, password: string, headers = {}): Promise<Response> =>
  browser.follow(await browser.submit(page, { name, password, do: 'sign-in' }, headers))
const consentPage = async (): Promise<string> => (await trySignIn(await signInForm(), 'ada', PASSWORD)).text()

describe('every page', () => {
  it.each(['/oauth/password', '/oauth/sign-out', '/oauth/interaction/none', '/oauth/invitation/none'])(
    '%s loads nothing, runs nothing, is shown in no frame and kept nowhere',
    async (path) => {
      const { headers } = await browser.go(path)
      expect(headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      )
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  )

  it('has a language, a title, labels for its fields, and no script', async () => {
    for (const text of [await signInForm(), await (await browser.go('/oauth/password')).text()]) {
      expect(text).toContain('<html lang="en">')
      expect(text).toMatch(/<title>[^<]+<\/title>/)
      expect(text).not.toContain('<script')
      const fields = [...text.matchAll(/<input id="([^"]+)"/g)].map(([, id]) => id)
      for (const id of fields) expect(text).toContain(`<label for="${id}">`)
    }
  })
})

describe('cookies', () => {
  it('are not for scripts, not for other sites, and on https for this host alone', async () => {
    await lab.stop()
    lab = await startLab({ issuer: 'https://tools.example.com' })
    await lab.addUser('ada')
    const first = await fetch(`${lab.url}${authorizePath(lab)}`, { redirect: 'manual' })
    const page = await fetch(`${lab.url}/oauth/password`)
    const set = [...first.headers.getSetCookie(), ...page.headers.getSetCookie()]
    expect(set.length).toBeGreaterThan(2)
    for (const line of set) {
      expect(line).toMatch(/httponly/i)
      expect(line).toMatch(/samesite=lax/i)
      expect(line).toMatch(/; secure/i)
      expect(line).toMatch(/^__(Host|Secure)-/)
      if (line.startsWith('__Host-')) expect(line).toMatch(/path=\/(;|$)/i)
    }
  })
})

describe('a form', () => {
  it.each<[string, Record<string, string>]>([
    ['from a page of another origin', { origin: 'https://evil.example' }],
    ['from a page without an origin', { origin: 'null' }],
    ['from another site, as the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['from a sibling of this host', { 'sec-fetch-site': 'same-site' }],
  ])('%s is refused, and does nothing', async (_, headers) => {
    const response = await trySignIn(await signInForm(), 'ada', PASSWORD, headers)
    expect(response.status).toBe(403)
    expect(lab.storage.users.findByName('ada')?.lastSignInAt).toBeUndefined()
  })

  it('without its token, or with that of another browser or another step, is refused', async () => {
    const page = await signInForm()
    const foreign = await (await new FormBrowser(lab.url).go('/oauth/password')).text()
    const token = /name="token" value="([^"]+)"/.exec(foreign)?.[1] ?? ''
    for (const given of ['', token]) {
      const forged = page.replace(/name="token" value="[^"]+"/, `name="token" value="${given}"`)
      expect((await trySignIn(forged, 'ada', PASSWORD)).status).toBe(403)
    }
  })

  it('of a step that another browser began is refused', async () => {
    const page = await signInForm()
    const other = new FormBrowser(lab.url)
    expect((await other.submit(page, { name: 'ada', password: PASSWORD, do: 'sign-in' })).status).toBe(400)
  })

  it('that is too long, has a field twice or is no form is refused', async () => {
    const send = (body: string, type = 'application/x-www-form-urlencoded') =>
      browser.go('/oauth/password', { method: 'POST', body, headers: { origin: lab.url, 'content-type': type } })
    expect((await send(`name=${'x'.repeat(20_000)}`)).status).toBe(413)
    expect((await send('name=a&name=b')).status).toBe(400)
    expect((await send('{}', 'application/json')).status).toBe(415)
    expect((await browser.go('/oauth/password', { method: 'DELETE' })).status).toBe(405)
  })
})

describe('consent', () => {
  it('names the client, where the answer goes, what is allowed and for how long', async () => {
    const text = await consentPage()
    for (const told of ['The CLI', '<code>127.0.0.1</code>', 'see customers', '90 days', '<strong>ada</strong>']) {
      expect(text).toContain(told)
    }
    expect(text).not.toContain('crm:write')
  })

  it('is asked for every time, also of whoever is signed in and has agreed before', async () => {
    await authorize(lab, { browser })
    expect(await (await begin()).text()).toContain('name="do" value="allow"')
    expect(await (await begin({ redirectUri: 'http://127.0.0.1:5000/callback' })).text()).toContain('127.0.0.1:5000')
    const silent = await browser.go(authorizePath(lab, { more: { prompt: 'none' } }))
    expect(new URL(silent.headers.get('location') ?? '').searchParams.get('error')).toBe('consent_required')
  })

  it('cannot be passed by: the address after it brings no code without it', async () => {
    await consentPage()
    const resume = [...browser.cookies.values()].find(({ path }) => path.startsWith('/oauth/authorize/'))?.path ?? ''
    const response = await browser.follow(await browser.go(resume))
    expect(response.headers.get('location') ?? '').not.toContain('code=')
  })

  it('that is denied sends the client a refusal and nothing else', async () => {
    const done = await browser.follow(await browser.submit(await consentPage(), { do: 'deny' }))
    const at = new URL(done.headers.get('location') ?? '')
    expect([at.searchParams.get('error'), at.searchParams.get('iss')]).toEqual(['access_denied', lab.issuer])
    expect(at.searchParams.has('code')).toBe(false)
  })

  it('can be given as somebody else, whose token it is then', async () => {
    const eve = await lab.addUser('eve')
    const switched = await browser.follow(await browser.submit(await consentPage(), { do: 'switch' }))
    const page = await (await trySignIn(await switched.text(), 'eve', PASSWORD)).text()
    const done = await browser.follow(await browser.submit(page, { do: 'allow' }))
    const code = new URL(done.headers.get('location') ?? '').searchParams.get('code') ?? ''
    const { body } = await askToken(lab, codeFields(code))
    expect(claimsOf(body.access_token).sub).toBe(eve.id)
  })

  it('shows names of clients as text, without what hides or turns it', async () => {
    await lab.stop()
    const name = '<img src=x onerror=alert(1)>\u202e evil'
    lab = await startLab({ embedded: { clients: [{ id: 'cli', name, redirectUris: [REDIRECT] }] } })
    await lab.addUser('ada')
    browser = new FormBrowser(lab.url)
    const text = await consentPage()
    expect(text).toContain('&lt;img src=x onerror=alert(1)&gt; evil')
    expect(text).not.toContain('\u202e')
  })
})

describe('signing in', () => {
  it('answers an unknown name, a wrong password, a locked user and one without a password alike', async () => {
    await lab.addUser('locked')
    lab.users.setLocked('locked', true)
    lab.users.invite({ name: 'invited', roles: ['user'], ttlMs: 60_000 })
    const page = await signInForm()
    const answers = []
    for (const name of ['nobody', 'ada', 'locked', 'invited']) {
      const response = await trySignIn(page, name, name === 'ada' ? 'a wrong password' : PASSWORD)
      answers.push(
        `${response.status} ${(await response.text()).replaceAll(name, 'NAME').replace(/value="[^"]{43}"/, '')}`,
      )
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('The user name or the password is wrong.')
    expect(lab.observed.filter(({ type }) => type === 'auth.refused')).toHaveLength(4)
    expect(JSON.stringify(lab.observed)).not.toContain(PASSWORD)
  })

  it('is slowed down for a network that guesses at an account; a browser that knows the account goes on', async () => {
    const owner = new FormBrowser(lab.url)
    await authorize(lab, { browser: owner })
    const page = await signInForm()
    for (let at = 0; at < 5; at++) await trySignIn(page, 'ada', `wrong ${at}`)
    const limited = await (await trySignIn(page, 'ada', PASSWORD)).text()
    expect(limited).toContain('Too many wrong passwords. Try again in')
    const again = await owner.follow(await owner.go(authorizePath(lab, { more: { prompt: 'login' } })))
    const done = await owner.follow(
      await owner.submit(await again.text(), { name: 'ada', password: PASSWORD, do: 'sign-in' }),
    )
    expect(await done.text()).toContain('name="do" value="allow"')
  })

  it('sets a new session, so that one planted before is worth nothing', async () => {
    const session = () => [...browser.cookies].find(([name]) => name.startsWith('toolgate-session '))?.[1].value
    await consentPage()
    const first = session()
    await begin({ more: { prompt: 'login' } })
    const page = await (await begin({ more: { prompt: 'login' } })).text()
    await trySignIn(page, 'ada', PASSWORD)
    expect(session()).not.toBe(first)
  })

  it('ends with the page for signing out', async () => {
    await consentPage()
    const page = await (await browser.go('/oauth/sign-out')).text()
    const done = await browser.submit(page, {})
    expect(await done.text()).toContain('You are signed out')
    expect(await (await begin()).text()).toContain('<h1>Sign in</h1>')
  })
})

describe('an invitation', () => {
  const open = (token: string): Promise<Response> => browser.go(`/oauth/invitation/${token}`)
  const accept = async (token: string, password: string, again = password): Promise<Response> =>
    browser.submit(await (await open(token)).text(), { password, again })

  it('lets its user set a password, once', async () => {
    const { token } = lab.users.invite({ name: 'Grace', roles: ['user'], ttlMs: 60_000 })
    const page = await (await open(token)).text()
    expect(await (await browser.submit(page, { password: 'short', again: 'short' })).text()).toContain('12 characters')
    expect(await (await accept(token, 'a new password of grace')).text()).toContain('must not contain your user name')
    expect(await (await accept(token, 'a new password', 'another one here')).text()).toContain('not the same')
    expect(await (await accept(token, PASSWORD)).text()).toContain('Your password is set')
    expect((await open(token)).status).toBe(404)
    expect((await browser.submit(page, { password: PASSWORD, again: PASSWORD })).status).toBe(404)
    expect(await authorize(lab, { name: 'GRACE' })).toBeInstanceOf(URL)
  })

  it('does not work when it has expired, is wrong, or its user is locked', async () => {
    const { token } = lab.users.invite({ name: 'late', roles: ['user'], ttlMs: -1 })
    const locked = lab.users.invite({ name: 'gone', roles: ['user'], ttlMs: 60_000 })
    lab.users.setLocked('gone', true)
    for (const each of [token, locked.token, 'x'.repeat(43), '%2e%2e']) expect((await open(each)).status).toBe(404)
  })

  it('that is made again takes the place of the one before, and ends sessions when it is used', async () => {
    const at = await authorize(lab)
    const { body } = await askToken(lab, codeFields(at.searchParams.get('code') ?? ''))
    const first = lab.users.inviteAgain('ada', 60_000)
    const second = lab.users.inviteAgain('ada', 60_000)
    expect((await open(first.token)).status).toBe(404)
    await accept(second.token, 'quite another password')
    expect(lab.authorization.resolve(claimsOf(body.access_token) as never)).toBeUndefined()
  })
})

describe('changing the password', () => {
  it('wants the one of now, and ends what was signed in with it', async () => {
    const at = await authorize(lab, { browser })
    const { body } = await askToken(lab, codeFields(at.searchParams.get('code') ?? ''))
    const change = async (current: string): Promise<string> => {
      const page = await (await browser.go('/oauth/password')).text()
      const fields = { name: 'ada', current, password: 'quite another password', again: 'quite another password' }
      return (await browser.submit(page, fields)).text()
    }
    expect(await change('wrong')).toContain('The user name or the password is wrong.')
    expect(await change(PASSWORD)).toContain('Your password is changed')
    expect(lab.authorization.resolve(claimsOf(body.access_token) as never)).toBeUndefined()
    expect(await (await begin()).text()).toContain('<h1>Sign in</h1>')
    expect(lab.observed).toContainEqual(expect.objectContaining({ type: 'user.changed', change: 'password-changed' }))
  })
})
