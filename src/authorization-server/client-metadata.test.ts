import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  askToken,
  authorize,
  authorizePath,
  codeFields,
  FormBrowser,
  type Lab,
  PASSWORD,
  startLab,
} from '../../test/fixtures/authorization-lab.ts'

const ID = 'https://client.example/metadata.json'
const DOCUMENT = {
  client_id: ID,
  client_name: 'A program',
  redirect_uris: ['http://127.0.0.1/callback', 'https://client.example/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
}

let lab: Lab
let documents: Map<string, () => Response>
let fetched: string[]
beforeEach(async () => {
  documents = new Map([[ID, () => Response.json(DOCUMENT)]])
  fetched = []
  lab = await startLab({
    fetch: async (url) => {
      fetched.push(String(url))
      const answer = documents.get(String(url))
      if (answer === undefined) throw new Error('nothing there')
      return answer()
    },
  })
  await lab.addUser('ada')
})
afterEach(() => lab.stop())

const ask = (clientId: string, redirectUri?: string): Promise<Response> =>
  fetch(`${lab.url}${authorizePath(lab, { clientId, ...(redirectUri === undefined ? {} : { redirectUri }) })}`, {
    redirect: 'manual',
  })

describe('a client that is known by the URL of its metadata document', () => {
  it('is let in after the user was shown its host and that nobody has checked its name', async () => {
    const browser = new FormBrowser(lab.url)
    const page = await browser.follow(await browser.go(authorizePath(lab, { clientId: ID })))
    const next = await browser.follow(
      await browser.submit(await page.text(), { name: 'ada', password: PASSWORD, do: 'sign-in' }),
    )
    const text = await next.text()
    for (const told of [
      'A program',
      'client.example',
      'Nobody has checked that name',
      'Any program on it could be listening',
    ]) {
      expect(text).toContain(told)
    }
    const at = await authorize(lab, { clientId: ID, browser })
    const { status, body } = await askToken(lab, codeFields(at.searchParams.get('code') ?? '', { client_id: ID }))
    expect(status).toBe(200)
    expect(body).toHaveProperty('refresh_token')
    expect(fetched).toEqual([ID])
  })

  it('is sent codes only where its document says', async () => {
    expect((await ask(ID, 'https://evil.example/callback')).headers.get('location')).toBeNull()
    expect((await ask(ID, 'https://client.example/callback')).status).toBe(303)
  })

  it.each<[string, () => Response]>([
    ['names another client_id', () => Response.json({ ...DOCUMENT, client_id: 'https://client.example/other.json' })],
    ['names none', () => Response.json({ ...DOCUMENT, client_id: undefined })],
    ['is no JSON', () => new Response('<html>')],
    ['is a list', () => Response.json([DOCUMENT])],
    ['is not there', () => new Response(null, { status: 404 })],
    [
      'has a secret',
      () => Response.json({ ...DOCUMENT, client_secret: 'x', token_endpoint_auth_method: 'client_secret_basic' }),
    ],
    ['sends codes over http', () => Response.json({ ...DOCUMENT, redirect_uris: ['http://client.example/callback'] })],
    ['sends codes to a program', () => Response.json({ ...DOCUMENT, redirect_uris: ['client:/callback'] })],
    ['wants keys to be fetched', () => Response.json({ ...DOCUMENT, jwks_uri: 'https://10.0.0.1/keys' })],
    [
      'wants another document to be fetched',
      () => Response.json({ ...DOCUMENT, sector_identifier_uri: 'https://10.0.0.1/' }),
    ],
  ])('whose document %s is refused, and nothing else is fetched', async (_, document) => {
    documents.set(ID, document)
    const response = await ask(ID)
    expect(response.status).toBe(400)
    expect(response.headers.get('location')).toBeNull()
    expect([...new Set(fetched)]).toEqual([ID])
  })

  it.each([
    'http://client.example/metadata.json',
    'https://user@client.example/metadata.json',
    'https://client.example/a/../metadata.json',
    'https://client.example/metadata.json#x',
    'https://client.example\\@10.0.0.1/',
  ])('%s is not looked for', async (id) => {
    expect((await ask(id)).status).toBe(400)
    expect(fetched).toEqual([])
  })

  it('makes the server fetch only so often for one network', async () => {
    for (let at = 0; at < 25; at++) await ask(`https://client.example/${at}.json`)
    expect(fetched.length).toBeLessThanOrEqual(21)
  })
})
