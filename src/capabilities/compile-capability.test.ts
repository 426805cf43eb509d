import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCatalog } from './catalog.ts'
import { compileCapability } from './compile-capability.ts'
import { type Definition, definePrompt, defineResource, defineTool } from './definition.ts'

const origin = { connector: 'crm', source: 'tools.ts' }
const compile = (definition: Definition): ReturnType<typeof compileCapability> => compileCapability(definition, origin)
const tool = (name: string): Definition => defineTool({ name, description: 'd', run: () => '' })

describe('a definition', () => {
  it('is refused under a name that no client could call, with the owner', () => {
    for (const name of ['', 'a b', 'ünïcode', 'a'.repeat(65), 'a/b', 'constructor', 'toString', '__proto__']) {
      expect(() => compile(tool(name))).toThrow(/of crm \(tools\.ts\): the name is/)
    }
    expect(compile(tool('a'.repeat(64))).name).toHaveLength(64)
  })

  it('needs an object of arguments', () => {
    const definition = defineTool({ name: 'x', input: { type: 'string' }, run: () => '' })
    expect(() => compile(definition)).toThrow(/must be of type "object"/)
  })

  it('refuses an x-mcp-header that clients would drop the tool for', () => {
    const withHeader = (schema: object): Definition =>
      defineTool({ name: 'x', input: { type: 'object', ...schema }, run: () => '' })
    const bad = [
      { properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
      { properties: { a: { type: 'string', 'x-mcp-header': 'bad name' } } },
      { properties: { a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } } },
      { properties: { a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } } },
      { anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] },
    ]
    for (const schema of bad) expect(() => compile(withHeader(schema))).toThrow(/x-mcp-header/)
    const good = compile(
      withHeader({
        properties: { in: { type: 'object', properties: { a: { type: 'integer', 'x-mcp-header': 'A' } } } },
      }),
    )
    expect(good.kind === 'tool' && good.paramHeaders).toEqual([
      { header: 'mcp-param-a', path: ['in', 'a'], isInteger: true },
    ])
  })

  it('refuses a completer for an argument that is not there', () => {
    const complete = { other: () => [] }
    expect(() =>
      compile(definePrompt({ name: 'p', input: z.object({ a: z.string() }), complete, run: () => '' })),
    ).toThrow(/"other"/)
    expect(() => compile(defineResource({ name: 'r', uriTemplate: 'db://{a}', complete, read: () => '' }))).toThrow(
      /"other"/,
    )
  })

  it('lists the arguments of a prompt from its schema', () => {
    const input = z.object({ path: z.string().describe('Which file.'), depth: z.string().optional() })
    expect(compile(definePrompt({ name: 'p', input, run: () => '' })).listing.arguments).toEqual([
      { name: 'path', description: 'Which file.', required: true },
      { name: 'depth', required: false },
    ])
  })

  it('refuses a resource whose URI is none', () => {
    expect(() => compile(defineResource({ name: 'r', uri: 'no uri', read: () => '' }))).toThrow(/is not a URI/)
  })
})

describe('a catalog', () => {
  it('names both owners of every collision', () => {
    const other = { connector: 'erp', source: 'more.ts' }
    const resource = defineResource({ name: 'r', uri: 'db://a', read: () => '' })
    const make = (): unknown =>
      createCatalog([
        compile(tool('same')),
        compileCapability(tool('same'), other),
        compile(resource),
        compileCapability(resource, other),
      ])
    expect(make).toThrow(/Tool same is offered twice: by crm \(tools\.ts\) and by erp \(more\.ts\)/)
    expect(make).toThrow(/Resource db:\/\/a is offered twice/)
  })

  it('is in order of name, whatever the order of definition', () => {
    const catalog = createCatalog(['c', 'a', 'b'].map((name) => compile(tool(name))))
    expect(catalog.tools.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('prefers a fixed resource to a template', () => {
    const fixed = defineResource({ name: 'fixed', uri: 'db://users/me', read: () => '' })
    const template = defineResource({ name: 'any', uriTemplate: 'db://users/{id}', read: () => '' })
    const catalog = createCatalog([compile(template), compile(fixed)])
    expect(catalog.findResource('db://users/me')?.name).toBe('fixed')
    expect(catalog.findResource('db://users/7')?.name).toBe('any')
    expect(catalog.findResource('db://other')).toBeUndefined()
  })
})
