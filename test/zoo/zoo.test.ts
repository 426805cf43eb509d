import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endAll, PROGRAM, startCli } from '../e2e/cli-process.ts'
import { collect } from '../fixtures/official-clients.ts'
import { inZoo, makeZooHome, runClient } from './run-client.ts'

const CONFIG = inZoo('./toolgate.yaml')
const MCPORTER = inZoo('./node_modules/mcporter/dist/cli.js')
const MCP_REMOTE = inZoo('./node_modules/mcp-remote/dist/proxy.js')
const WRONG_KEY = 'tg_wrong'
const RESOURCE = 'This is the content of the static text resource.'
const PROMPT = 'This is a simple prompt for testing.'

const home = makeZooHome()
const stdio = { command: process.execPath, args: [...PROGRAM, 'serve', '--stdio', '--config', CONFIG] }
let url = ''
let key = ''

beforeAll(async () => {
  const server = startCli(['serve', '--config', CONFIG, '--port', '0', '--fresh-key', 'user'], { cwd: home.path })
  url = (await server.printed(/listens on (http:\S+)/))[1] ?? ''
  key = (await server.printed(/^key: (tg_\w+)$/m))[1] ?? ''
})

afterAll(async () => {
  await endAll()
  home.remove()
})

describe.each([
  { name: 'Vercel AI SDK', driver: inZoo('./drive/ai-sdk.mjs') },
  { name: 'LangChain adapters', driver: inZoo('./drive/langchain.mjs') },
])('$name', ({ driver }) => {
  const expected = { tools: expect.arrayContaining(['add', 'leak', 'show_clock']), resource: RESOURCE, prompt: PROMPT }

  it.each(['HTTP', 'stdio'])('lists tools, calls one, reads a resource and gets a prompt over %s', async (way) => {
    const { code, out, err } = await runClient(home, [driver, JSON.stringify(way === 'HTTP' ? { url, key } : stdio)])
    expect(code, err).toBe(0)
    const { sum, ...told } = JSON.parse(out) as { sum: unknown }
    expect(told).toEqual(expected)
    expect(sum).toBe(5)
  })

  it('says that the key is not valid, and ends', async () => {
    const { code, err } = await runClient(home, [driver, JSON.stringify({ url, key: WRONG_KEY })])
    expect(code).toBe(1)
    expect(err).toContain('The API key is not valid.')
    expect(err).not.toContain(WRONG_KEY)
  })
})

describe('mcporter', () => {
  const config = join(home.path, 'mcporter.json')
  const mcporter = (...words: string[]) => runClient(home, [MCPORTER, '--config', config, ...words])

  beforeAll(() => {
    const over = (credential: string): unknown => snippet('mcporter', credential)
    writeFileSync(
      config,
      JSON.stringify({ imports: [], mcpServers: { HTTP: over(key), stdio, wrong: over(WRONG_KEY) } }),
    )
  })

  it.each(['HTTP', 'stdio'])('lists tools, calls one and reads a resource over %s', async (way) => {
    const listed = await mcporter('list', way, '--json')
    expect(listed.code, listed.err).toBe(0)
    const { status, tools } = JSON.parse(listed.out) as { status: string; tools: { name: string }[] }
    expect(status).toBe('ok')
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['add', 'leak', 'show_clock']))
    const called = await mcporter('call', `${way}.add`, 'a=2', 'b=3', '--output', 'json')
    expect(JSON.parse(called.out)).toEqual({ sum: 5 })
    const read = await mcporter('resource', way, 'test://static-text')
    expect(read.out).toContain(RESOURCE)
  })

  it('says that the server wants a credential, tells what kind, and ends', async () => {
    const listed = await mcporter('list', 'wrong', '--json', '--exit-code')
    expect(listed.code).toBe(1)
    expect(JSON.parse(listed.out)).toMatchObject({ status: 'auth', issue: { statusCode: 401 } })
    const called = await mcporter('call', 'wrong.add', 'a=2', 'b=3', '--output', 'json')
    expect(called.code).toBe(1)
    expect(called.out).toContain('send an API key')
    expect(listed.out + called.out + called.err).not.toContain(WRONG_KEY)
  })
})

describe('mcp-remote', () => {
  const through = (credential: string): StdioClientTransport => {
    const { args, env } = snippet('mcp-remote', credential) as { args: string[]; env: Record<string, string> }
    return new StdioClientTransport({
      command: process.execPath,
      args: [MCP_REMOTE, ...args.slice(2)],
      env: { ...home.environment, ...env },
      stderr: 'pipe',
    })
  }

  it('is the version that the how-to names', () => {
    const { dependencies } = JSON.parse(readFileSync(inZoo('./package.json'), 'utf8'))
    const { args } = snippet('mcp-remote', key) as { args: string[] }
    expect(args.slice(0, 2)).toEqual(['-y', `mcp-remote@${dependencies['mcp-remote']}`])
  })

  it('lists tools, calls one, reads a resource and gets a prompt over HTTP, for a client that speaks stdio', async () => {
    const client = new Client({ name: 'zoo', version: '1.0.0' })
    await client.connect(through(key))
    try {
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['add', 'leak', 'show_clock']))
      const called = await client.callTool({ name: 'add', arguments: { a: 2, b: 3 } })
      expect(called.structuredContent).toEqual({ sum: 5 })
      const { contents } = await client.readResource({ uri: 'test://static-text' })
      expect(contents).toMatchObject([{ text: RESOURCE }])
      const { messages } = await client.getPrompt({ name: 'test_simple_prompt' })
      expect(messages).toMatchObject([{ content: { text: PROMPT } }])
    } finally {
      await client.close()
    }
  })

  it('says that there is no sign-in but a key, and ends', async () => {
    const client = new Client({ name: 'zoo', version: '1.0.0' })
    const transport = through(WRONG_KEY)
    const said = collect(transport.stderr as NodeJS.ReadableStream | null)
    await expect(client.connect(transport)).rejects.toThrow('Connection closed')
    expect(said()).toContain('send an API key')
    expect(said()).not.toContain(WRONG_KEY)
  })
})

describe('all of them', () => {
  it('reached for nothing beyond this machine', () => {
    expect(home.outbound()).toBe('')
  })

  it('would have been seen if they had', async () => {
    const other = makeZooHome()
    const { code } = await runClient(other, ['-e', 'fetch("http://telemetry.example/").catch(() => process.exit(3))'])
    expect([code, other.outbound()]).toEqual([3, expect.stringContaining('telemetry.example')])
    other.remove()
  })
})

/** The entry of docs/how-to/connect-a-client.md, with the address and the key that it leaves open. */
function snippet(name: 'mcporter' | 'mcp-remote', credential: string): unknown {
  const shown = readFileSync(inZoo(`./snippets/${name}.json`), 'utf8')
  const filled = shown.replace('http://127.0.0.1:3000/mcp', url).replace('tg_KEY', credential)
  return JSON.parse(filled).mcpServers.quickstart
}
