import { type Task, toDetailed } from './tasks/task.ts'

/** What subscribers are told of. */
export type ChangeEvent =
  | { readonly kind: 'tools' | 'prompts' | 'resources' }
  | { readonly kind: 'resource'; readonly uri: string }
  | { readonly kind: 'task'; readonly task: Task }

/** Carries changes to every open subscription and session of this process. */
export interface EventBus {
  publish(event: ChangeEvent): void
  /** Returns how to stop. */
  subscribe(listener: (event: ChangeEvent) => void): () => void
  /** Tells every subscription that the server ends. */
  close(): void
  /** Called once when the server ends. Returns how to stop. */
  onClose(listener: () => void): () => void
}

/** A bus within this process. */
export function createEventBus(): EventBus {
  const listeners = new Set<(event: ChangeEvent) => void>()
  const closers = new Set<() => void>()
  return {
    publish(event) {
      for (const listener of listeners) listener(event)
    },
    subscribe: (listener) => added(listeners, listener),
    onClose: (listener) => added(closers, listener),
    close() {
      for (const closer of [...closers]) closer()
    },
  }
}

function added<T>(set: Set<T>, item: T): () => void {
  set.add(item)
  return () => {
    set.delete(item)
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
