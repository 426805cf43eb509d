import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError } from './config-error.ts'
import { defaultConfig } from './default-config.ts'
import { defineConfig } from './define-config.ts'

const tools = { name: 'tools', type: 'typescript', path: 'tools' } as const

test('a folder of tools is allowed to whoever runs it, and to nobody else', () => {
  const config = defaultConfig({ connectors: [tools], directory: '/srv/stock' })
  expect(config).toMatchObject({
    name: 'stock',
    version: '0.0.0',
    directory: '/srv/stock',
    connectors: [{ ...tools, path: '/srv/stock/tools', prefix: '' }],
    storage: { directory: '/srv/stock/.toolgate' },
    audit: {
      directory: '/srv/stock/.toolgate/audit',
      checkpoints: '/srv/stock/.toolgate/audit.checkpoints',
      mode: 'strict',
      segmentBytes: 33_554_432,
      levels: [],
      sinks: [],
    },
  })
  expect(config.access).toEqual({
    keys: [],
    roles: { user: { scopes: [], allow: [{ name: '*' }], deny: [] } },
    scopes: {},
    rules: [],
    local: { roles: ['user'] },
  })
  expect(Object.isFrozen(config.connectors)).toBe(true)
  expect('file' in config).toBe(false)
})

test('a folder may have a dollar and a brace in its name', () => {
  const path = join('/srv', `\${odd}`)
  expect(defaultConfig({ connectors: [{ ...tools, path }], directory: '/srv' }).connectors[0]).toMatchObject({ path })
})

test('the root of the disk has a server with a name, too', () => {
  expect(defaultConfig({ connectors: [tools], directory: '/' }).name).toBe('toolgate')
})

test('a wrong connector is refused as in a file', () => {
  const refused = (): unknown => defaultConfig({ connectors: [{ ...tools, name: 'Not Kebab' }], directory: '/srv' })
  expect(refused).toThrow(ConfigError)
  expect(refused).toThrow("connectors[0].name is 'Not Kebab'")
})

test('defineConfig answers what it was given', () => {
  const config = { connectors: { tools: { type: 'typescript', path: './tools' } }, log: { level: 'warn' } } as const
  expect(defineConfig(config)).toBe(config)
})
