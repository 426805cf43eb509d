import type { Catalog } from '../../capabilities/catalog.ts'
import { isApp } from '../../capabilities/check-apps.ts'
import type { Era } from '../../pipeline/call.ts'
import { offersTasks, TASKS_EXTENSION } from '../tasks/tasks-extension.ts'
import { offers } from './list-methods.ts'

/** The identifiers of the extensions: skills (SEP-2640), and tools with a page (MCP Apps, SEP-1865). */
const SKILLS = 'io.modelcontextprotocol/skills'
const UI = 'io.modelcontextprotocol/ui'

/** What the server declares at the handshake: just what its methods answer. */
export function serverCapabilities(catalog: Catalog, era: Era): Record<string, object> {
  const extensions = extensionsOf(catalog, era)
  const completes = [...catalog.prompts, ...catalog.resourceTemplates].length > 0
  return {
    logging: {},
    tools: { listChanged: true },
    ...(offers(catalog, 'resources') ? { resources: { subscribe: true, listChanged: true } } : {}),
    ...(offers(catalog, 'prompts') ? { prompts: { listChanged: true } } : {}),
    ...(completes ? { completions: {} } : {}),
    ...(Object.keys(extensions).length > 0 ? { extensions } : {}),
  }
}

/** Tasks are an extension of the modern era alone; before it they were part of the protocol. */
function extensionsOf(catalog: Catalog, era: Era): Record<string, object> {
  return {
    ...(catalog.skills.length > 0 ? { [SKILLS]: { directoryRead: true } } : {}),
    ...(catalog.tools.some(isApp) ? { [UI]: {} } : {}),
    ...(era === 'modern' && offersTasks(catalog) ? { [TASKS_EXTENSION]: {} } : {}),
  }
}
