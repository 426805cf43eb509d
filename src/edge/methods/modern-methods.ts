import type { Engine, Method } from '../engine.ts'
import { META, SUPPORTED_VERSIONS } from '../protocol/versions.ts'
import { cancelTask, getTask, updateTask } from '../tasks/task-methods.ts'
import { callTool, completeArgument, getPrompt, readResource } from './call-methods.ts'
import { listPrompts, listResources, listResourceTemplates, listTools } from './list-methods.ts'
import { listen } from './listen.ts'
import { serverCapabilities } from './server-capabilities.ts'
import { getSkill, listSkills, readDirectory } from './skill-methods.ts'

const discover: Method = (engine) => {
  const { instructions } = engine.identity
  return {
    supportedVersions: SUPPORTED_VERSIONS,
    capabilities: serverCapabilities(engine.guards.catalog, 'modern'),
    ...(instructions === undefined ? {} : { instructions }),
  }
}

/** Every method of revision 2026-07-28 that is served. */
export const MODERN_METHODS: ReadonlyMap<string, Method> = new Map([
  ['server/discover', cacheable(discover)],
  ['tools/list', cacheable(listTools)],
  ['tools/call', complete(callTool)],
  ['resources/list', cacheable(listResources)],
  ['resources/templates/list', cacheable(listResourceTemplates)],
  ['resources/read', cacheable(readResource)],
  ['resources/directory/read', cacheable(readDirectory)],
  ['skills/list', cacheable(listSkills)],
  ['skills/get', cacheable(getSkill)],
  ['prompts/list', cacheable(listPrompts)],
  ['prompts/get', complete(getPrompt)],
  ['completion/complete', complete(completeArgument)],
  ['subscriptions/listen', complete(listen)],
  ['tasks/get', complete(getTask)],
  ['tasks/update', complete(updateTask)],
  ['tasks/cancel', complete(cancelTask)],
])

/** Stamps what every result of the modern era carries: its kind, and who answered. */
function complete(method: Method): Method {
  return async (engine, params, exchange, request) => stamp(engine, await method(engine, params, exchange, request), {})
}

/**
 * As `complete`, with the hint how long it may be kept. The scope is always private: lists are filtered by caller and a
 * read may be.
 */
function cacheable(method: Method): Method {
  return async (engine, params, exchange, request) => {
    const result = await method(engine, params, exchange, request)
    const isQuestion = (result as { resultType?: unknown }).resultType === 'input_required'
    return stamp(engine, result, isQuestion ? {} : { ttlMs: engine.options.cacheTtlMs, cacheScope: 'private' })
  }
}

function stamp(engine: Engine, result: object, hints: object): object {
  const meta = (result as { _meta?: object })._meta
  return {
    resultType: 'complete',
    ...result,
    ...hints,
    _meta: { ...meta, [META.serverInfo]: engine.identity.info },
  }
}
