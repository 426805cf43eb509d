import type { Capability } from '../capabilities/capability.ts'
import { type Task, toDetailed } from './tasks/task.ts'

/** What subscribers are told of. */
export type ChangeEvent =
  | {
      readonly kind: 'tools' | 'prompts' | 'resources'
      /** What has changed, as it was and as it is. Absent where that is not known: then everybody hears of it. */
      readonly changed?: readonly Capability[]
    }
  | { readonly kind: 'resource'; readonly uri: string }
  | { readonly kind: 'task'; readonly task: Task }

/**
 * Carries changes to every open subscription and session. One bus may serve several engines. An event from another process
 * is plain data and leaves out what has changed. Who may hear of it is decided where it arrives.
 */
export interface EventBus {
  publish(event: ChangeEvent): void
  /** Returns how to stop. */
  subscribe(listener: (event: ChangeEvent) => void): () => void
}

/** A bus within this process. */
export function createEventBus(): EventBus {
  const listeners = new Set<(event: ChangeEvent) => void>()
  return {
    publish(event) {
      for (const listener of listeners) listener(event)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

const METHODS = {
  tools: 'notifications/tools/list_changed',
  prompts: 'notifications/prompts/list_changed',
  resources: 'notifications/resources/list_changed',
  resource: 'notifications/resources/updated',
  task: 'notifications/tasks',
} as const

/** The notification that says so on the wire. */
export function toNotification(event: ChangeEvent): { method: string; params: Record<string, unknown> } {
  return { method: METHODS[event.kind], params: paramsOf(event) }
}

function paramsOf(event: ChangeEvent): Record<string, unknown> {
  if (event.kind === 'resource') return { uri: event.uri }
  return event.kind === 'task' ? toDetailed(event.task) : {}
}
