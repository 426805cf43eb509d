import type { Catalog } from '../../capabilities/catalog.ts'
import { offersTasks, TASKS_EXTENSION } from '../tasks/tasks-extension.ts'
import { offers } from './list-methods.ts'

/** What the server declares at the handshake: just what its methods answer. */
export function serverCapabilities(catalog: Catalog): Record<string, object> {
  const completes = [...catalog.prompts, ...catalog.resourceTemplates].length > 0
  return {
    logging: {},
    tools: { listChanged: true },
    ...(offers(catalog, 'resources') ? { resources: { subscribe: true, listChanged: true } } : {}),
    ...(offers(catalog, 'prompts') ? { prompts: { listChanged: true } } : {}),
    ...(completes ? { completions: {} } : {}),
  }
}

/** The extensions that it declares to clients of the modern era, if any. */
export function serverExtensions(catalog: Catalog): { readonly extensions?: Record<string, object> } {
  return offersTasks(catalog) ? { extensions: { [TASKS_EXTENSION]: {} } } : {}
}
