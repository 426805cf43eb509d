import { createScriptSubject } from './script-subject.ts'
import type { Subject } from './subject.ts'
import { toolgate, toolgateSession } from './toolgate.ts'
import { xmcp } from './xmcp.ts'

/** The limit: what node:http itself costs for the same bytes. Every ratio is to this. */
const echo: Subject = createScriptSubject({
  name: 'echo',
  script: 'servers/echo.mjs',
  form: 'modern',
  servedBy: 'bare node:http, JSON in, JSON out',
})

const sdkV2: Subject = createScriptSubject({
  name: 'sdk-v2',
  packageName: '@modelcontextprotocol/server',
  script: 'servers/sdk-v2.mjs',
  form: 'modern',
  servedBy: '`toNodeHandler(createMcpHandler(…))`',
})

export const sdkV2Session: Subject = createScriptSubject({
  name: 'sdk-v2-session',
  packageName: '@modelcontextprotocol/server',
  script: 'servers/sdk-v2.mjs',
  form: 'session',
  servedBy: '`NodeStreamableHTTPServerTransport`, a server for each session',
})

export const sdkV1Session: Subject = createScriptSubject({
  name: 'sdk-v1-session',
  packageName: '@modelcontextprotocol/sdk',
  script: 'servers/sdk-v1.mjs',
  form: 'session',
  servedBy: '`StreamableHTTPServerTransport`, a server for each session',
})

const peers: readonly Subject[] = [
  createScriptSubject({
    name: 'fastmcp',
    packageName: 'fastmcp',
    script: 'peers/servers/fastmcp.mjs',
    form: 'stateless',
    servedBy: 'its own `httpStream`, `stateless: true`',
  }),
  createScriptSubject({
    name: 'tmcp',
    packageName: 'tmcp',
    script: 'peers/servers/tmcp.mjs',
    form: 'modern',
    servedBy: '`@tmcp/transport-http` on `@remix-run/node-fetch-server`',
  }),
  createScriptSubject({
    name: 'mcp-lite',
    packageName: 'mcp-lite',
    script: 'peers/servers/mcp-lite.mjs',
    form: 'stateless',
    legacyVersion: '2025-06-18',
    servedBy: 'Hono on `@hono/node-server`',
  }),
  createScriptSubject({
    name: 'mcp-handler',
    packageName: 'mcp-handler',
    script: 'peers/servers/mcp-handler.mjs',
    form: 'modern',
    servedBy: '`@hono/node-server`',
  }),
  xmcp,
  createScriptSubject({
    name: 'mcp-use',
    packageName: 'mcp-use',
    script: 'peers/servers/mcp-use.mjs',
    form: 'modern',
    servedBy: 'its own `listen`',
  }),
]

/** What `--quick` measures: the limit, Toolgate, and what Toolgate must beat. */
export const quickSubjects: readonly Subject[] = [echo, toolgate, sdkV2]

export const allSubjects: readonly Subject[] = [...quickSubjects, toolgateSession, sdkV2Session, sdkV1Session, ...peers]
