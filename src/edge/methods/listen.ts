import { ToolgateError } from '../../errors.ts'
import type { Engine, Method } from '../engine.ts'
import { type ChangeEvent, toNotification } from '../event-bus.ts'
import type { Exchange } from '../exchange.ts'
import { mayHear } from '../may-hear.ts'
import { isObject } from '../protocol/envelope.ts'
import type { Params } from '../protocol/json-rpc.ts'
import { META } from '../protocol/versions.ts'
import { declaresTasks, offersTasks, tasksRequired } from '../tasks/tasks-extension.ts'
import { serverCapabilities } from './server-capabilities.ts'

/** What a subscription is told of (2026-07-28, Subscriptions). */
interface Filter {
  toolsListChanged?: true
  promptsListChanged?: true
  resourcesListChanged?: true
  resourceSubscriptions?: string[]
  /** Tasks whose changes to tell (SEP-2663). */
  taskIds?: string[]
}

const MAX_RESOURCES = 1000
const MAX_TASKS = 1000

/**
 * `subscriptions/listen`: acknowledges what is honoured, then sends only that, each message with the subscription's id.
 * The result comes when the server ends the stream; the client ends it by leaving or cancelling.
 */
export const listen: Method = (engine, params, exchange, request) => {
  const filter = {
    ...honoured(readFilter(params), serverCapabilities(engine.guards.catalog, 'modern')),
    ...honouredTasks(engine, readTaskIds(params), exchange),
  }
  let end = (): void => {}
  const giveBack = engine.streams.open(exchange.principal, () => end())
  const tag = { [META.subscriptionId]: request.id }
  send(exchange, 'notifications/subscriptions/acknowledged', { notifications: filter }, tag)
  if (Object.keys(filter).length === 0) {
    giveBack()
    return { _meta: tag }
  }
  return new Promise((resolve) => {
    const uris = new Set(filter.resourceSubscriptions)
    const stopEvents = engine.events.subscribe((event) => {
      if (!accepts(filter, uris, event) || !mayHear(engine.guards, exchange.principal, event)) return
      const { method, params: body } = toNotification(event)
      send(exchange, method, body, tag)
    })
    end = () => {
      stopEvents()
      giveBack()
      resolve({ _meta: tag })
    }
    exchange.cancellation.onCancel(end)
  })
}

function send(exchange: Exchange, method: string, params: Params, tag: Params): void {
  exchange.send(method, { ...params, _meta: tag })
}

function readFilter(params: Params): Filter {
  const wanted = params.notifications
  if (!isObject(wanted)) throw invalid('`params.notifications` must be an object.')
  const uris = wanted.resourceSubscriptions
  if (uris !== undefined && !(Array.isArray(uris) && uris.every((uri) => typeof uri === 'string'))) {
    throw invalid('`resourceSubscriptions` must be an array of URIs.')
  }
  if (uris !== undefined && uris.length > MAX_RESOURCES)
    throw invalid(`Subscribe to at most ${MAX_RESOURCES} resources.`)
  return {
    ...(wanted.toolsListChanged === true ? { toolsListChanged: true } : {}),
    ...(wanted.promptsListChanged === true ? { promptsListChanged: true } : {}),
    ...(wanted.resourcesListChanged === true ? { resourcesListChanged: true } : {}),
    ...(uris !== undefined && uris.length > 0 ? { resourceSubscriptions: uris } : {}),
  }
}

function honoured(filter: Filter, declared: Record<string, object>): Filter {
  const { toolsListChanged, promptsListChanged, resourcesListChanged, resourceSubscriptions } = filter
  const hasResources = declared.resources !== undefined
  return {
    ...(toolsListChanged ? { toolsListChanged } : {}),
    ...(promptsListChanged && declared.prompts !== undefined ? { promptsListChanged } : {}),
    ...(resourcesListChanged && hasResources ? { resourcesListChanged } : {}),
    ...(resourceSubscriptions !== undefined && hasResources ? { resourceSubscriptions } : {}),
  }
}

function readTaskIds(params: Params): string[] {
  const { taskIds } = params.notifications as Params
  if (taskIds === undefined) return []
  if (!Array.isArray(taskIds) || !taskIds.every((id) => typeof id === 'string')) {
    throw invalid('`taskIds` must be an array of ids.')
  }
  if (taskIds.length > MAX_TASKS) throw invalid(`Listen to at most ${MAX_TASKS} tasks.`)
  return taskIds
}

/** The caller's own tasks among those asked for. */
function honouredTasks(engine: Engine, taskIds: readonly string[], exchange: Exchange): Filter {
  if (taskIds.length === 0 || !offersTasks(engine.guards.catalog)) return {}
  if (!declaresTasks(exchange)) throw tasksRequired(exchange)
  const known = taskIds.filter((id) => engine.tasks.find(id, exchange.principal.id) !== undefined)
  return known.length === 0 ? {} : { taskIds: known }
}

function accepts(filter: Filter, uris: ReadonlySet<string>, event: ChangeEvent): boolean {
  switch (event.kind) {
    case 'tools':
      return filter.toolsListChanged === true
    case 'prompts':
      return filter.promptsListChanged === true
    case 'resources':
      return filter.resourcesListChanged === true
    case 'resource':
      return uris.has(event.uri)
    case 'task':
      return filter.taskIds?.includes(event.task.id) === true
  }
}

function invalid(message: string): ToolgateError {
  return new ToolgateError({ code: 'INVALID_PARAMS', message })
}
