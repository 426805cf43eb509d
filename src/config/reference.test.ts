import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configSchemaNode, type SchemaNode } from './describe-schema.ts'
import { configJsonSchema } from './json-schema.ts'
import { configReference } from './reference.ts'

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/configs', import.meta.url))
const MISTAKES = join(FIXTURES, 'mistakes')
const validate = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, allErrors: true }).compile(
  configJsonSchema(),
)

function optionPaths(node: SchemaNode, path: string): readonly string[] {
  const inner = Object.entries(node.properties ?? {}).flatMap(([name, child]) => optionPaths(child, `${path}.${name}`))
  const items = node.items === undefined ? [] : optionPaths(node.items, `${path}[]`)
  const named = typeof node.additionalProperties === 'object' ? optionPaths(node.additionalProperties, `${path}.*`) : []
  const forms = (node.oneOf ?? []).flatMap((form) => optionPaths(form, path))
  return [path.slice(1), ...inner, ...items, ...named, ...forms]
}

function withoutDescription(node: SchemaNode, path: string): readonly string[] {
  const children = [node.items, ...(node.oneOf ?? [])].filter((child) => child !== undefined)
  const own = Object.entries(node.properties ?? {})
  return [
    ...own.filter(([, child]) => !/^[A-Z].*\.$/.test(child.description ?? '')).map(([name]) => `${path}.${name}`),
    ...own.flatMap(([name, child]) => withoutDescription(child, `${path}.${name}`)),
    ...children.flatMap((child) => withoutDescription(child, path)),
  ]
}

describe('the JSON Schema for editors', () => {
  test.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.yaml')))('accepts %s', (name) => {
    validate(parse(readFileSync(join(FIXTURES, name), 'utf8')))
    expect(validate.errors ?? []).toEqual([])
  })

  test.each(['five', 'unknown-options', 'wrong-values', 'connectors-by-name', 'list', 'text'])(
    'refuses %s.yaml',
    (name) => {
      expect(validate(parse(readFileSync(join(MISTAKES, `${name}.yaml`), 'utf8')))).toBe(false)
    },
  )

  test('knows that any value may come from the environment', () => {
    const text = `\${SOME}`
    const server = { port: text, host: `${text}.local`, path: `/${text}` }
    expect(validate({ version: text, server, log: { level: text } })).toBe(true)
    expect(validate({ server: { port: 'many' } })).toBe(false)
  })

  test('is of 2020-12, has a title and an id', () => {
    expect(configJsonSchema()).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'urn:toolgate:config',
      title: 'Toolgate configuration',
      type: 'object',
    })
  })
})

describe('the reference', () => {
  test('has every option, and each says what it is', () => {
    const reference = configReference()
    const missing = optionPaths(configSchemaNode(), '').filter(
      (path) => /\w$/.test(path) && !reference.includes(`| \`${path}\` |`),
    )
    expect(missing).toEqual(['connectors'])
    expect(withoutDescription(configSchemaNode(), '')).toEqual([])
  })

  test('tells type and default', () => {
    const reference = configReference()
    expect(reference).toContain(
      '| `server.port` | whole number, 0 to 65535 | `3000` | Port to listen on; 0 takes any free one. |',
    )
    expect(reference).toContain('| `log.level` | `debug`, `info`, `warn`, `error`, `silent` | `info` |')
    expect(reference).toContain('| `access.keys[].name` | text | required |')
    expect(reference).toContain('| `connectors[].type` | `sdk` | required |')
  })
})
