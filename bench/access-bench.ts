import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { createApp } from '../src/app/create-app.ts'
import { newApiKey } from '../src/app/keys/make-key.ts'
import { defineTool } from '../src/capabilities/definition.ts'
import { defaultConfig } from '../src/config/default-config.ts'
import { ToolgateError } from '../src/errors.ts'
import { oauthOptions } from '../src/identity/oauth/options.ts'

/** What it costs a server to let somebody in, and to refuse: its CPU time for a call, as a ratio to one with an API key. */

const ROUNDS = 5
const CALLS = 1_500
const CONNECTIONS = 16

interface Served {
  readonly url: string
  readonly key: string
  readonly token: string
}

const tools = {
  name: 'tools',
  connect: async () => [
    { source: 'a.ts', definition: defineTool({ name: 'echo', description: 'Echoes.', run: () => 'x' }) },
    {
      source: 'b.ts',
      definition: defineTool({
        name: 'lacking',
        description: 'Ends as a call does that lacks a scope.',
        run: () => {
          throw new ToolgateError({ code: 'INSUFFICIENT_SCOPE', message: 'x', data: { scopes: ['a', 'b'] } })
        },
      }),
    },
  ],
  close: async () => {},
}

if (process.send === undefined) await measure()
else await serve(process.send.bind(process))

/** The server, in a process of its own; an issuer beside it. */
async function serve(tell: (message: object) => void): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256' }
  const issuer = createServer((_, response) => void response.end(JSON.stringify({ keys: [jwk] }))).listen(
    0,
    '127.0.0.1',
  )
  await once(issuer, 'listening')
  const name = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  const directory = mkdtempSync(join(tmpdir(), 'toolgate-bench-'))
  const base = defaultConfig({ connectors: [], directory })
  const roles = { user: { scopes: [], allow: [{ name: '*' }], deny: [] } }
  const oauth = oauthOptions.parse({ issuers: [{ issuer: name, jwksUri: `${name}/jwks`, defaultRoles: ['user'] }] })
  const limits = { ...base.limits, callsPerMinute: 10_000_000, burst: 1_000_000 }
  const config = { ...base, limits, access: { ...base.access, roles, oauth } }
  const key = await newApiKey(config, { name: 'bench', roles: ['user'] })
  const app = await createApp(config, { keys: [key.stored], connectors: [tools], writeLog: () => {} })
  const { url } = await app.listen({ port: 0 })
  const token = await new SignJWT({ client_id: 'bench', scope: 'a:read a:write' })
    .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'at+jwt' })
    .setIssuer(name)
    .setAudience(url)
    .setSubject('0c2d4f3e-ada')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey)
  process.on('message', () => tell({ cpu: process.cpuUsage() }))
  process.on('disconnect', () => {
    rmSync(directory, { recursive: true, force: true })
    process.exit()
  })
  tell({ url, key: key.text, token })
}

async function measure(): Promise<void> {
  const server = fork(new URL(import.meta.url), { execArgv: ['--import', 'tsx'] })
  const [served] = (await once(server, 'message')) as [Served]
  const forged = `${served.token.slice(0, -12)}AAAAAAAAAAAA`
  const ways: readonly (readonly [string, string | undefined, string])[] = [
    ['API key', `Bearer ${served.key}`, 'echo'],
    ['JWT that is known', `Bearer ${served.token}`, 'echo'],
    ['403: a scope is lacking', `Bearer ${served.token}`, 'lacking'],
    ['401: no credential', undefined, 'echo'],
    ['401 and 429: a forged JWT', `Bearer ${forged}`, 'echo'],
  ]
  const costs = new Map<string, number[]>(ways.map(([name]) => [name, []]))
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [name, authorization, tool] of ways) {
      const before = await cpuOf(server)
      await callMany(served.url, { agent, authorization, tool })
      const cost = ((await cpuOf(server)) - before) / CALLS
      if (round >= 0) costs.get(name)?.push(cost)
    }
  }
  agent.destroy()
  server.disconnect()
  const median = (name: string): number => [...(costs.get(name) ?? [])].sort((a, b) => a - b)[ROUNDS >> 1] ?? 0
  const rows = ways.map(
    ([name]) => `| ${name} | ${median(name).toFixed(0)} | ${(median(name) / median('API key')).toFixed(2)} |`,
  )
  process.stdout.write(['| a call with | µs of CPU | ratio |', '|---|---|---|', ...rows, ''].join('\n'))
}

async function cpuOf(server: ChildProcess): Promise<number> {
  server.send({})
  const [{ cpu }] = (await once(server, 'message')) as [{ cpu: NodeJS.CpuUsage }]
  return cpu.user + cpu.system
}

interface Call {
  readonly agent: Agent
  readonly authorization: string | undefined
  readonly tool: string
}

async function callMany(url: string, call: Call): Promise<void> {
  let left = CALLS
  const work = async (): Promise<void> => {
    while (left-- > 0) await callOnce(url, call)
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

function callOnce(url: string, { agent, authorization, tool }: Call): Promise<void> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  const params = { name: tool, arguments: {}, _meta: meta }
  const headers = {
    ...{ 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    ...{ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool },
    ...(authorization === undefined ? {} : { authorization }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers }, (response) => response.resume().once('end', resolve))
    sent.once('error', reject)
    sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }))
  })
}
