import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clientSnippets, sampleArguments, shell, snippetsText } from './client-snippets.ts'

const options = {
  name: 'crm',
  url: 'http://127.0.0.1:3000/mcp',
  key: 'tg_key',
  stdio: ['/usr/bin/node', '/opt/toolgate/main.js', 'serve', '--stdio', '--config', '/srv/it is/toolgate.yaml'],
  tool: { name: 'find', args: { text: "it's" } },
}

function snippet(client: string): { readonly place: string; readonly text: string } {
  const found = clientSnippets(options).find((each) => each.client === client)
  if (found === undefined) throw new Error(`There is no snippet for ${client}.`)
  return found
}

describe('what to paste into clients', () => {
  it('starts the server over stdio in Claude Desktop', () => {
    const [command, ...args] = options.stdio
    expect(JSON.parse(snippet('Claude Desktop').text)).toEqual({ mcpServers: { crm: { command, args } } })
  })

  it('sends the key to the URL in Cursor and in VS Code', () => {
    const headers = { Authorization: 'Bearer tg_key' }
    const { url } = options
    expect(JSON.parse(snippet('Cursor').text)).toEqual({ mcpServers: { crm: { url, headers } } })
    expect(JSON.parse(snippet('VS Code').text)).toEqual({ servers: { crm: { type: 'http', url, headers } } })
  })

  it('calls a tool in a second terminal, quoted for the shell', () => {
    expect(snippet('A second terminal').text).toBe(
      `npx toolgate call find --args '{"text":"it'\\''s"}' --url http://127.0.0.1:3000/mcp --key tg_key`,
    )
    const [first] = clientSnippets({ ...options, tool: undefined })
    expect(first?.text).toBe('npx toolgate list')
  })

  it('names the version of the Inspector that is tested', () => {
    const tested = new URL('../../test/conformance/package.json', import.meta.url)
    const { devDependencies = {}, dependencies = {} } = JSON.parse(readFileSync(tested, 'utf8'))
    const version = { ...devDependencies, ...dependencies }['@modelcontextprotocol/inspector']
    expect(snippet('Inspector').text).toContain(`npx @modelcontextprotocol/inspector@${version} --cli ${options.url} `)
  })

  it('stands under the name of the client and the file it goes into', () => {
    expect(snippetsText(clientSnippets(options))).toContain('Cursor: .cursor/mcp.json\n  {\n    "mcpServers"')
  })

  it('quotes any word so that a shell takes it literally', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const script = `printf '%s\\0' ${words.map(shell).join(' ')}`
        expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(words.map((each) => `${each}\0`).join(''))
      }),
      { numRuns: 15 },
    )
  })
})

describe('arguments to try a tool with', () => {
  it('are the required ones, with a value of the right type', () => {
    const schema = {
      required: ['a', 'b', 'c', 'd', 'e', 'f'],
      properties: {
        a: { type: 'number' },
        b: { type: 'string' },
        c: { enum: ['x', 'y'] },
        d: { type: 'object', required: ['g'], properties: { g: { type: 'boolean' } } },
        e: { type: 'integer', minimum: 10 },
        f: { type: 'array' },
        optional: { type: 'string' },
      },
    }
    expect(sampleArguments(schema)).toEqual({ a: 1, b: 'text', c: 'x', d: { g: true }, e: 10, f: [] })
    expect(sampleArguments(undefined)).toEqual({})
  })
})
