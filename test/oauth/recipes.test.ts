import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkConfig } from '../../src/config/check-config.ts'
import { settingsOf } from '../../src/identity/oauth/issuer-settings.ts'

const page = new URL('../../docs/how-to/accept-tokens-of-your-identity-provider.md', import.meta.url)
const recipes = [...readFileSync(page, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text = '']) =>
  parse(text),
)
const connectors = [{ type: 'sdk', name: 'shop', path: 'server.ts' }]

describe('the recipes for identity providers', () => {
  it.each(recipes.map((recipe) => [JSON.stringify(recipe.access.oauth), recipe]))(
    '%s is a configuration',
    (_, recipe) => {
      const env = { INTROSPECTION_SECRET: 's' }
      const { config, mistakes } = checkConfig(
        { server: { publicUrl: 'https://mcp.example.com' }, ...recipe, connectors },
        { env },
      )
      expect(mistakes).toEqual([])
      for (const issuer of config?.access.oauth?.issuers ?? []) {
        expect(settingsOf(issuer, []).algorithms.every((algorithm) => !algorithm.startsWith('HS'))).toBe(true)
      }
    },
  )

  it('are there for all five', () => {
    const presets = recipes.flatMap((recipe) =>
      recipe.access.oauth.issuers.map(({ preset }: { preset?: string }) => preset),
    )
    expect(presets).toEqual(expect.arrayContaining(['keycloak', 'entra', 'okta', 'auth0', 'google']))
  })
})

describe('mistakes in access.oauth', () => {
  const told = (oauth: object, server: object = {}): string => {
    const access = { roles: { reader: { allow: [{ name: '*' }] } }, oauth }
    return JSON.stringify(checkConfig({ server, access, connectors }, { env: {} }).mistakes)
  }
  const issuer = 'https://id.example.com'

  it.each([
    [
      'a server for others without publicUrl',
      () => told({ issuers: [{ issuer }] }, { host: '0.0.0.0' }),
      'server.publicUrl',
    ],
    ['an issuer twice', () => told({ issuers: [{ issuer }, { issuer }] }), 'again'],
    ['an issuer without TLS', () => told({ issuers: [{ issuer: 'http://id.example.com' }] }), 'https://'],
    ['a shared secret as algorithm', () => told({ issuers: [{ issuer, algorithms: ['HS256'] }] }), 'algorithms'],
    ['alg none', () => told({ issuers: [{ issuer, algorithms: ['none'] }] }), 'algorithms'],
    ['a role that does not exist', () => told({ issuers: [{ issuer, defaultRoles: ['admin'] }] }), 'does not exist'],
    [
      'a role that does not exist, by mapping',
      () => told({ issuers: [{ issuer, roles: { x: ['admin'] } }] }),
      'does not exist',
    ],
    ['Google without audience', () => told({ issuers: [{ issuer, preset: 'google' }] }), 'audience'],
    [
      'two issuers of opaque tokens',
      () => {
        const introspection = { clientId: 'a', clientSecret: 'b' }
        return told({
          issuers: [
            { issuer, introspection },
            { issuer: `${issuer}/2`, introspection },
          ],
        })
      },
      'one issuer alone',
    ],
    ['no issuer', () => told({ issuers: [] }), 'issuers'],
  ])('%s is told before the start', (_, tell, expected) => {
    expect(tell()).toContain(expected)
  })
})
