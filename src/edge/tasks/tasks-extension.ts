import type { Catalog } from '../../capabilities/catalog.ts'
import { ToolgateError } from '../../errors.ts'
import type { Exchange } from '../exchange.ts'

/** The extension's identifier (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

/** Whether any tool runs as a task, so the extension is served. */
export function offersTasks(catalog: Catalog): boolean {
  return catalog.tools.some(({ definition }) => definition.task !== undefined)
}

/** Whether the client said with this very request that it knows tasks. The legacy era has no extensions. */
export function declaresTasks({ era, client }: Exchange): boolean {
  const { extensions } = client.capabilities
  return era === 'modern' && typeof extensions === 'object' && extensions !== null && TASKS_EXTENSION in extensions
}

/**
 * The answer to a client that would need to know tasks. The legacy era, which has no code for it, gets a `USER_ERROR`.
 */
export function tasksRequired({ era }: Exchange): ToolgateError {
  const message = `This needs a client that supports the extension ${TASKS_EXTENSION}.`
  if (era === 'legacy') return new ToolgateError({ code: 'USER_ERROR', message })
  const requiredCapabilities = { extensions: { [TASKS_EXTENSION]: {} } }
  return new ToolgateError({ code: 'CLIENT_CAPABILITY_REQUIRED', message, data: { requiredCapabilities } })
}
