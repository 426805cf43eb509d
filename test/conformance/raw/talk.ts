import type { LegacyClient, Wire } from '../../fixtures/http-client.ts'
import { openLegacy, sendModern } from '../../fixtures/http-client.ts'
import type { RawServer } from './raw-server.ts'
import type { StdioClient } from './stdio-client.ts'
import { requireWireSchema } from './wire-schema.ts'

type Ask = (method: string, params?: Record<string, unknown>, meta?: Record<string, unknown>) => Promise<Wire>

/** Request and response, whatever carries them. Each resolves to the JSON-RPC response. */
export interface Talk {
  readonly modern: Ask
  readonly legacy: Ask
  /** Both, by revision. */
  readonly eras: readonly (readonly ['2026-07-28' | '2025-11-25', Ask])[]
}

export function talkOverHttp({ port }: RawServer): Talk {
  let session: Promise<LegacyClient> | undefined
  const modern: Ask = async (method, params = {}, meta = {}) => (await sendModern(port, method, params, { meta })).json
  const legacy: Ask = async (method, params = {}, meta) => {
    session ??= openLegacy(port, { capabilities: { elicitation: {} } })
    return (await (await session).request(method, withMeta(params, meta))).json
  }
  return toTalk(modern, legacy)
}

export function talkOverStdio(client: StdioClient): Talk {
  return toTalk(client.modern, (method, params = {}, meta) => client.legacy(method, withMeta(params, meta)))
}

function toTalk(askModern: Ask, askLegacy: Ask): Talk {
  const [modern, legacy] = [held(askModern), held(askLegacy)]
  return {
    modern,
    legacy,
    eras: [
      ['2026-07-28', modern],
      ['2025-11-25', legacy],
    ],
  }
}

/** Whatever is asked for, the answer is one by the official schema. */
function held(ask: Ask): Ask {
  return async (method, params, meta) => requireWireSchema(method, await ask(method, params, meta))
}

function withMeta(params: Record<string, unknown>, meta: Record<string, unknown> | undefined): Record<string, unknown> {
  return meta === undefined ? params : { ...params, _meta: meta }
}
