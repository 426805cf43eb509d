import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientProvider,
  type OAuthTokens,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { App } from '../../src/app/app.ts'
import { createApp } from '../../src/app/create-app.ts'
import { editUser, inviteUser } from '../../src/app/users.ts'
import { defineTool } from '../../src/capabilities/definition.ts'
import { checkConfig } from '../../src/config/check-config.ts'
import type { Config } from '../../src/config/config.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import type { Connector } from '../../src/connectors/connector.ts'
import { claimsOf, FormBrowser, PASSWORD, REDIRECT } from '../fixtures/authorization-lab.ts'

const SECRET = 'a secret of more than thirty-two characters'
const who = { annotations: { readOnlyHint: true }, description: 'Says who calls.' }
const crm: Connector = {
  name: 'crm',
  connect: async () => [
    {
      source: 'crm.ts',
      definition: defineTool({
        name: 'whoami',
        ...who,
        run: (_, { caller: { tenant, roles } }) => JSON.stringify({ tenant, roles }),
      }),
    },
    { source: 'crm.ts', definition: defineTool({ name: 'change', description: 'Writes.', run: () => 'changed' }) },
  ],
  close: async () => {},
}

let directory: string
let config: Config
let app: App
let url: string
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'toolgate-sign-in-'))
  const embedded = {
    clients: [
      { id: 'desk', name: 'The desk', redirectUris: [REDIRECT] },
      { id: 'job', secret: SECRET, machine: { roles: ['user'], tenant: 'acme' } },
    ],
  }
  const scopes = { 'crm:read': { description: 'see customers' } }
  const roles = { user: { allow: [{ name: '*' }] }, reader: { allow: [{ readOnly: true }] } }
  const written = { server: { port: 0 }, access: { oauth: { embedded }, scopes, roles } }
  const checked = checkConfig(written, { env: {} })
  if (checked.config === undefined) throw new Error(JSON.stringify(checked.mistakes))
  config = resolveConfig(checked.config, { directory, origins: checked.origins })
  app = await createApp(config, { connectors: [crm], writeLog: () => {} })
  url = (await app.listen()).url
})
const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await app.close()
  rmSync(directory, { recursive: true, force: true })
})

/** A client of a person, which keeps what it is given in memory. */
class Person implements OAuthClientProvider {
  readonly redirectUrl = REDIRECT
  readonly clientMetadata = { client_name: 'The desk', redirect_uris: [REDIRECT], token_endpoint_auth_method: 'none' }
  readonly sentTo: URL[] = []
  held: OAuthTokens | undefined
  #verifier = ''
  clientInformation = () => ({ client_id: 'desk' })
  tokens = () => this.held
  saveTokens(tokens: OAuthTokens): void {
    this.held = tokens
  }
  redirectToAuthorization(to: URL): void {
    this.sentTo.push(to)
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }
  codeVerifier = () => this.#verifier
}

/** Opens the link of an invitation and sets a password, as its reader does. */
async function accept(browser: FormBrowser, link: string): Promise<void> {
  const page = await browser.go(new URL(link).pathname)
  const done = await browser.follow(await browser.submit(await page.text(), { password: PASSWORD, again: PASSWORD }))
  expect(done.status).toBe(200)
}

/** Goes where a client sends its user, signs in where that is asked, agrees; answers where the code is sent. */
async function agree(browser: FormBrowser, to: URL): Promise<{ consent: string; back: URL }> {
  let text = await (await browser.follow(await browser.go(to.pathname + to.search))).text()
  if (text.includes('<h1>Sign in</h1>')) {
    const signedIn = await browser.submit(text, { name: 'ada', password: PASSWORD, do: 'sign-in' })
    text = await (await browser.follow(signedIn)).text()
  }
  const done = await browser.follow(await browser.submit(text, { do: 'allow' }))
  return { consent: text, back: new URL(done.headers.get('location') ?? 'http://nowhere') }
}

function newClient(mode: 'legacy' | { pin: string }): Client {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } })
  clients.push(client)
  return client
}

const open = (authProvider: OAuthClientProvider): StreamableHTTPClientTransport =>
  new StreamableHTTPClientTransport(new URL(url), { authProvider })

async function call(client: Client, name = 'whoami'): Promise<string> {
  const { content } = await client.callTool({ name, arguments: {} })
  return (content as { text: string }[])[0]?.text ?? ''
}

describe.each([['legacy' as const], [{ pin: '2026-07-28' }]])(
  'with access.oauth: embedded, the official client (%j)',
  (mode) => {
    it('signs an invited user in, who agrees and calls, until the user is locked', async () => {
      const browser = new FormBrowser(new URL(url).origin)
      const invited = await inviteUser(config, {
        name: 'ada',
        roles: ['user'],
        tenant: 'acme',
        ttlMs: 60_000,
        isAgain: false,
      })
      await accept(browser, new URL(new URL(invited.link).pathname, url).href)
      const person = new Person()
      const first = open(person)
      await expect(newClient(mode).connect(first)).rejects.toThrow()
      const { consent, back } = await agree(browser, person.sentTo[0] as URL)
      expect(consent).toContain('The desk')
      expect(consent).toContain('see customers')
      expect(consent).toContain('crm:write')
      expect(back.searchParams.get('iss')).toBe(new URL(url).origin)
      await first.finishAuth(back.searchParams)
      expect(claimsOf(person.held?.access_token)).toMatchObject({ aud: url, iss: new URL(url).origin })
      const client = newClient(mode)
      await client.connect(open(person))
      expect(JSON.parse(await call(client))).toEqual({ tenant: 'acme', roles: ['user'] })
      expect(await call(client, 'change')).toBe('changed')
      await editUser(config, 'ada', { change: 'roles-changed', roles: ['reader'] })
      await expect.poll(() => call(client, 'change').catch(() => 'refused'), { timeout: 6_000 }).not.toBe('changed')
      expect(JSON.parse(await call(client))).toEqual({ tenant: 'acme', roles: ['reader'] })
      await editUser(config, 'ada', { change: 'locked' })
      await expect.poll(() => call(client).catch(() => 'refused'), { timeout: 6_000 }).toBe('refused')
    })

    it('lets a machine in by client credentials', async () => {
      const client = newClient(mode)
      await client.connect(open(new ClientCredentialsProvider({ clientId: 'job', clientSecret: SECRET })))
      expect(JSON.parse(await call(client))).toEqual({ tenant: 'acme', roles: ['user'] })
    })
  },
)
