import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Config } from './config.ts'
import type { Environment } from './interpolate-env.ts'
import { loadConfig } from './load-config.ts'
import { printConfig } from './print-config.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/configs', import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolgate-print-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function load(text: string, env: Environment = {}): Promise<Config> {
  await writeFile(join(folder, 'toolgate.yaml'), text)
  return loadConfig(folder, { env, cwd: folder })
}

describe('the printed configuration', () => {
  test('loads again as the same record', async () => {
    for (const name of ['minimal.yaml', 'connectors-by-name.yaml', 'aliases.yaml', 'quoted.yaml']) {
      const { file: _, directory: __, ...options } = await loadConfig(name, { env: {}, cwd: FIXTURES })
      const again = await load(printConfig({ ...options, directory: FIXTURES }))
      expect({ ...again, file: undefined, directory: FIXTURES }).toEqual({
        ...options,
        file: undefined,
        directory: FIXTURES,
      })
    }
  })

  test('shows no value that is to be masked, whatever its variable is called', async () => {
    const text = `sanitize: { values: ["\${CRM_WORD}", plain-words-here] }`
    const printed = printConfig(await load(text, { CRM_WORD: 'correct horse' }))
    expect(parse(printed)).toMatchObject({ sanitize: { values: ['<masked>', '<masked>'] } })
  })

  test('names the file and has every default', async () => {
    const config = await load('connectors: []')
    const text = printConfig(config)
    expect(text).toContain(`# Effective configuration (${join(folder, 'toolgate.yaml')})`)
    expect(parse(text)).toMatchObject({
      server: { port: 3000 },
      limits: { burst: 100 },
      storage: { directory: join(folder, '.toolgate') },
    })
    expect(parse(text)).not.toHaveProperty('directory')
  })

  test('keeps a literal reference literal', async () => {
    const config = await load(`instructions: costs $\${AMOUNT}`)
    expect(config.instructions).toBe(`costs \${AMOUNT}`)
    expect(parse(printConfig(config)).instructions).toBe(`costs $\${AMOUNT}`)
  })

  test('masks hashes, tokens and connection strings', async () => {
    const config = await loadConfig('whole.yaml', { env: {}, cwd: FIXTURES })
    expect(parse(printConfig(config)).access.keys[0]).toEqual({
      name: 'ci',
      id: '0123456789Ab',
      hash: '<masked>',
      roles: ['reader'],
      tenant: 'acme',
      expiresAt: '2027-01-31T00:00:00Z',
    })
    const other = await load('websiteUrl: https://app:hunter2@example.com\ntitle: ghp_0123456789abcdefghij')
    expect(parse(printConfig(other))).toMatchObject({
      websiteUrl: 'https://app:<masked>@example.com',
      title: '<masked>',
    })
  })

  test('shows no password of a database', async () => {
    const types = ['postgres', 'mssql']
    const entries = types.map((type) => `${type}: { type: ${type}, url: "${type}://reader:hunter2@db.example/shop" }`)
    const printed = printConfig(await load(`connectors: { ${entries.join(', ')} }`))
    expect(printed).not.toContain('hunter2')
    const { connectors } = parse(printed) as { connectors: { url: string }[] }
    expect(connectors.map(({ url }) => url)).toEqual(types.map((type) => `${type}://reader:<masked>@db.example/shop`))
    const fromVariable = printConfig(
      await load(`connectors: { shop: { type: mssql, url: "\${SHOP_URL}" } }`, {
        SHOP_URL: 'mssql://reader:hunt%40er@2@db.example/shop',
      }),
    )
    expect(fromVariable).not.toMatch(/hunt|er@2/)
  })

  test('masks what came from a variable that is named like a secret, and shows what did not', async () => {
    const text = [
      `name: \${SERVER_NAME}`,
      `title: by \${DB_PASSWORD}`,
      `server: { port: "\${PORT}", allowedHosts: ["\${API_TOKEN}.example", "\${HOST_NAME}"] }`,
      `connectors: { tools: { type: sdk, path: "./\${CLIENT_SECRET}/server.ts" } }`,
    ].join('\n')
    const env = {
      SERVER_NAME: 'stock',
      DB_PASSWORD: 'zq1',
      PORT: '4000',
      API_TOKEN: 'zq2',
      HOST_NAME: 'h.example',
      CLIENT_SECRET: 'zq3',
    }
    const config = await load(text, env)
    const changed: Config = { ...config, server: { ...config.server } }
    for (const printed of [printConfig(config), printConfig({ ...config, log: { level: 'debug' } })]) {
      expect(parse(printed)).toMatchObject({
        name: 'stock',
        server: { port: 4000, allowedHosts: ['<masked>', 'h.example'] },
        connectors: [{ path: '<masked>' }],
      })
      expect(printed).not.toMatch(/zq[23]/)
    }
    expect(parse(printConfig(config)).title).toBe('<masked>')
    expect(printConfig(changed)).not.toMatch(/zq[23]/)
  })
})
