import type { TestEngine, TestEngineOptions, TestServer } from '../../fixtures/engine.ts'
import { createTestEngine, holder, serveEngine } from '../../fixtures/engine.ts'
import { rawCapabilities } from './raw-capabilities.ts'

/** The server under test over HTTP, with the hands that a check needs behind it. */
export interface RawServer {
  readonly port: number
  readonly test: TestEngine
  /** Moves its clock on. */
  later(ms: number): void
  /** A server of the check's own, for options that would disturb others. Closed with this one. */
  another(options: TestEngineOptions): Promise<RawServer>
  close(): Promise<void>
}

/** Small pages, and a hard maximum that a test can wait for. */
const SETTINGS: TestEngineOptions = {
  server: { pageSize: 5 },
  limits: { maxDeadlineMs: 400, maxNotificationsPerCall: 50 },
  roles: {
    user: { scopes: [], allow: [{ name: '*' }], deny: [] },
    guest: { scopes: [], allow: [{ tag: 'public' }], deny: [] },
  },
}

/** The engine that both transports serve. */
export function createRawEngine(options: TestEngineOptions = {}): TestEngine {
  return createTestEngine(rawCapabilities(), {
    ...SETTINGS,
    ...options,
    server: { ...SETTINGS.server, ...options.server },
    limits: { ...SETTINGS.limits, ...options.limits },
  })
}

/** Serves it to `ann` and `bob`, who may use everything, and to `gus`, who may use what is public. */
export async function startRawServer(options: TestEngineOptions = {}): Promise<RawServer> {
  let offset = 0
  const test = createRawEngine({ clock: () => Date.now() + offset, ...options })
  const principals = [holder('ann', 'user'), holder('bob', 'user'), holder('gus', 'guest')]
  const server: TestServer = await serveEngine(test, principals)
  const others: RawServer[] = []
  return {
    port: server.port,
    test,
    later: (ms) => {
      offset += ms
    },
    another: async (own) => {
      const made = await startRawServer(own)
      others.push(made)
      return made
    },
    close: async () => {
      await Promise.all(others.map((other) => other.close()))
      await server.edge.close(100)
    },
  }
}
