import { ToolgateError } from '../../errors.ts'
import type { Principal } from '../../identity/principal.ts'
import { canRead } from '../can-read.ts'
import type { Engine, Method } from '../engine.ts'
import type { Exchange, SessionState } from '../exchange.ts'
import { callTool, completeArgument, getPrompt, readResource } from '../methods/call-methods.ts'
import { listPrompts, listResources, listResourceTemplates, listTools } from '../methods/list-methods.ts'
import { serverCapabilities } from '../methods/server-capabilities.ts'
import { getSkill, listSkills, readDirectory } from '../methods/skill-methods.ts'
import { requireString } from '../methods/to-call.ts'
import { isImplementation, isLogLevel, isObject } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { LEGACY_VERSIONS } from '../protocol/versions.ts'
import { coreTaskCapability } from '../tasks/core-task.ts'
import { cancelCoreTask, getCoreTask, getTaskResult, listCoreTasks } from '../tasks/core-task-methods.ts'
import type { Opening } from './legacy-session.ts'
import { toLegacyResult } from './to-legacy-result.ts'

const MAX_SUBSCRIPTIONS = 1000

/** Reads `initialize`: the version is the client's if it is served, else the newest legacy one. */
export function readOpening(params: Params | undefined): Opening {
  const { protocolVersion, capabilities, clientInfo } = params ?? {}
  if (typeof protocolVersion !== 'string') {
    throw new ToolgateError({ code: 'INVALID_PARAMS', message: '`params.protocolVersion` must be a string.' })
  }
  return {
    version: LEGACY_VERSIONS.find((version) => version === protocolVersion) ?? (LEGACY_VERSIONS[0] as string),
    client: {
      capabilities: isObject(capabilities) ? capabilities : {},
      ...(isImplementation(clientInfo) ? { info: clientInfo } : {}),
    },
  }
}

/** The answer to `initialize`. */
export function initializeResult(engine: Engine, opening: Opening, principal: Principal): object {
  const { info, instructions } = engine.identity
  const { catalog } = engine.guards
  return {
    protocolVersion: opening.version,
    capabilities: {
      ...serverCapabilities(catalog, 'legacy'),
      ...coreTaskCapability(catalog, opening.version, principal),
    },
    serverInfo: info,
    ...(instructions === undefined ? {} : { instructions }),
  }
}

const ping: Method = () => ({})

const callToolLegacy: Method = async (engine, params, exchange, request) =>
  toLegacyResult(await callTool(engine, params, exchange, request))

const setLevel: Method = async (_engine, { level }, exchange) => {
  if (!isLogLevel(level)) {
    throw new ToolgateError({ code: 'INVALID_PARAMS', message: '`params.level` is not a log level of RFC 5424.' })
  }
  await sessionOf(exchange).change((before) => ({ ...before, logLevel: level }))
  return {}
}

const subscribe: Method = async (engine, params, exchange) => {
  const uri = requireString(params, 'uri')
  if (!canRead(engine.guards, exchange.principal, uri)) {
    throw new ToolgateError({ code: 'CAPABILITY_NOT_FOUND', message: `Unknown resource: ${uri}`, data: { uri } })
  }
  await sessionOf(exchange).change((before) => {
    const subscriptions = new Set(before.subscriptions).add(uri)
    if (subscriptions.size > MAX_SUBSCRIPTIONS) throw tooManySubscriptions()
    return { ...before, subscriptions }
  })
  return {}
}

const unsubscribe: Method = async (_engine, params, exchange) => {
  const uri = requireString(params, 'uri')
  await sessionOf(exchange).change((before) => {
    const subscriptions = new Set(before.subscriptions)
    subscriptions.delete(uri)
    return { ...before, subscriptions }
  })
  return {}
}

function tooManySubscriptions(): ToolgateError {
  return new ToolgateError({
    code: 'INVALID_PARAMS',
    message: `Subscribe to at most ${MAX_SUBSCRIPTIONS} resources.`,
  })
}

function sessionOf(exchange: Exchange): SessionState {
  if (exchange.session !== undefined) return exchange.session
  throw new ToolgateError({ code: 'INVALID_REQUEST', message: 'This needs a session: send `initialize` first.' })
}

/** Every method of the revisions before 2026-07-28 but `initialize`, which makes the session. */
export const LEGACY_METHODS: ReadonlyMap<string, Method> = new Map([
  ['ping', ping],
  ['logging/setLevel', setLevel],
  ['tools/list', listTools],
  ['tools/call', callToolLegacy],
  ['resources/list', listResources],
  ['resources/templates/list', listResourceTemplates],
  ['resources/read', readResource],
  ['resources/subscribe', subscribe],
  ['resources/unsubscribe', unsubscribe],
  ['resources/directory/read', readDirectory],
  ['skills/list', listSkills],
  ['skills/get', getSkill],
  ['prompts/list', listPrompts],
  ['prompts/get', getPrompt],
  ['completion/complete', completeArgument],
  ['tasks/get', getCoreTask],
  ['tasks/result', getTaskResult],
  ['tasks/list', listCoreTasks],
  ['tasks/cancel', cancelCoreTask],
])
