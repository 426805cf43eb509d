import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { App } from '../../../src/app/app.ts'
import { createApp } from '../../../src/app/create-app.ts'
import type { CallContext } from '../../../src/capabilities/call-context.ts'
import { definePrompt, defineResource, defineTool } from '../../../src/capabilities/definition.ts'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load-config.ts'
import type { Connector } from '../../../src/connectors/connector.ts'
import type { StoredKey } from '../../../src/storage/key-store.ts'
import type { Issued, TestAuthority } from '../../fixtures/certificates.ts'
import { makeKey, type NamedKey, startIssuer, type TestIssuer } from '../../oauth/test-issuer.ts'

/** One Toolgate over TLS that takes every kind of credential, and all that credentials are made with. */
export interface Server {
  readonly app: App
  /** Of the endpoint; what access tokens are for. */
  readonly url: string
  readonly authority: TestAuthority
  readonly issuer: TestIssuer
  readonly signingKey: NamedKey
  /** Access tokens that the issuer calls active, and what it says of them. */
  readonly activeTokens: Map<string, object>
  /** How often a handler ran: by the id of the caller and the name of the capability. */
  readonly runs: Map<string, number>
  /** What it logged, line by line. */
  readonly log: readonly string[]
  /** With its storage and its audit trail. */
  readonly directory: string
  close(): Promise<void>
}

/** Where the certificates and the storage are; made before the server, because keys are hashed with its pepper. */
export interface Ground {
  readonly directory: string
  readonly authority: TestAuthority
  readonly issuer: TestIssuer
  readonly signingKey: NamedKey
  readonly config: Config
}

export async function prepareServer(revoked: readonly Issued[], authority: TestAuthority): Promise<Ground> {
  const directory = mkdtempSync(join(tmpdir(), 'toolgate-matrix-'))
  const own = authority.issueServer()
  for (const certificate of revoked) authority.revoke(certificate)
  const signingKey = await makeKey('one', 'ES256')
  const issuer = await startIssuer([signingKey])
  const files = {
    cert: authority.write('server.pem', own.cert),
    key: authority.write('server.key', own.key),
    clientCa: authority.write('clients.pem', authority.cert),
    crl: authority.write('revoked.pem', authority.revocationList()),
  }
  const text = JSON.stringify(configOf(issuer.url, files))
  const config = await loadConfig(authority.write('toolgate.json', text), { env: {}, cwd: directory })
  return { directory, authority, issuer, signingKey, config: { ...config, storage: { ...config.storage, directory } } }
}

function configOf(issuer: string, files: object): object {
  return {
    name: 'matrix',
    server: {
      ...{ host: '127.0.0.1', port: 0, overload: { enabled: false }, compat: { sse: true }, drain: { timeoutMs: 1 } },
      tls: { ...files, clientCertificates: 'optional' },
    },
    limits: { callsPerMinute: 1_000_000, burst: 1_000_000 },
    access: {
      keyHeader: 'X-API-Key',
      roles: {
        owner: { scopes: ['notes:admin'], allow: [{ name: '*' }], deny: [{ tag: 'hidden' }] },
        member: { allow: [{ name: '*' }], deny: [{ tag: 'hidden' }, { tag: 'admin' }] },
      },
      rules: [
        {
          ...{ name: 'own-tenant', select: { name: 'note://*' } },
          require:
            'capability.name.startsWith("note://shared/") || capability.name.startsWith("note://" + principal.tenant + "/")',
        },
      ],
      oauth: {
        issuers: [
          {
            ...{ issuer, claims: { tenant: 'tenant', roles: 'roles' } },
            introspection: { clientId: 'matrix', clientSecret: 'matrix', tokens: 'all' },
          },
        ],
      },
      certificates: {
        trustDomains: ['example.org'],
        rules: [
          { match: 'spiffe://example.org/acme/agent', roles: ['owner'], tenant: 'acme' },
          { match: 'spiffe://example.org/acme/short', roles: ['owner'], tenant: 'acme', scopes: ['notes:read'] },
          { match: 'spiffe://example.org/globex/agent', roles: ['member'], tenant: 'globex' },
        ],
      },
    },
  }
}

/** Starts it with these keys. */
export async function startServer(ground: Ground, keys: readonly StoredKey[]): Promise<Server> {
  const { directory, authority, issuer, signingKey, config } = ground
  const runs = new Map<string, number>()
  const log: string[] = []
  const activeTokens = new Map<string, object>()
  issuer.introspect = (token) => ({ active: activeTokens.has(token), ...activeTokens.get(token) })
  const app = await createApp(config, {
    connectors: [connectorOf(runs)],
    keys,
    writeLog: (line) => void log.push(line),
  })
  const { url } = await app.listen()
  return {
    ...{ app, url, authority, issuer, signingKey, activeTokens, runs, log, directory },
    async close() {
      await app.close()
      await issuer.close()
      authority.remove()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Whatever runs is counted. */
function connectorOf(runs: Map<string, number>): Connector {
  const ran = (name: string, { caller }: CallContext): string => {
    const key = `${caller.id} ${name}`
    runs.set(key, (runs.get(key) ?? 0) + 1)
    return `${name} for ${caller.tenant}`
  }
  const tool = (name: string, more: object = {}) =>
    defineTool({ name, description: name, run: (_input, context) => ran(name, context), ...more })
  const resource = (uri: string, more: object = {}) =>
    defineResource({ name: uri.replace(/\W+/g, '-'), uri, read: (_uri, context) => ran(uri, context), ...more })
  const prompt = (name: string, more: object = {}) =>
    definePrompt({
      name,
      input: z.object({ topic: z.string() }),
      complete: { topic: (_typed, context) => [ran(`completion of ${name}`, context)] },
      run: (_input, context) => ran(name, context),
      ...more,
    })
  const definitions = [
    tool('read_note', { annotations: { readOnlyHint: true } }),
    tool('write_note'),
    tool('admin_note', { tags: ['admin'], scopes: ['notes:admin'] }),
    tool('hidden_note', { tags: ['hidden'] }),
    defineTool({
      ...{ name: 'long_note', description: 'long', task: 'optional', annotations: { readOnlyHint: true } },
      run: () => new Promise<string>(() => {}),
    }),
    resource('note://acme/1'),
    resource('note://acme/locked', { scopes: ['notes:admin'] }),
    resource('note://globex/1'),
    defineResource({
      ...{ name: 'shared', uriTemplate: 'note://shared/{id}' },
      read: (_uri, _variables, context) => ran('note://shared/{id}', context),
    }),
    prompt('brief'),
    prompt('plans', { tags: ['hidden'] }),
  ]
  return {
    name: 'notes',
    connect: async () => definitions.map((definition) => ({ definition, source: 'matrix' })),
    close: async () => {},
  }
}
