import { ToolgateError } from '../errors.ts'
import type { Tool } from './capability.ts'
import type { Catalog } from './catalog.ts'

/** The type of the page that a host shows for a tool (MCP Apps, SEP-1865). */
const APP_TYPE = 'text/html;profile=mcp-app'
const VISIBLE_TO: readonly unknown[] = ['model', 'app']

/** Whether a tool has a page of its own: `_meta.ui.resourceUri`, or the same as it was written before. */
export function isApp(tool: Tool): boolean {
  return uriOf(tool) !== undefined
}

/** Sees that the page of each tool that has one is offered. Throws `DEFINITION_INVALID` with every one that is not. */
export function checkApps(catalog: Pick<Catalog, 'tools' | 'findResource'>): void {
  const mistakes = catalog.tools.flatMap((tool) => {
    const mistake = mistakeOf(tool, catalog)
    return mistake === undefined ? [] : [`Tool ${JSON.stringify(tool.name)} of ${tool.owner}: ${mistake}`]
  })
  if (mistakes.length === 0) return
  throw new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: mistakes.join('\n'),
    hint: `A tool with a page names it in meta.ui.resourceUri: a resource ui://… of the type ${APP_TYPE}.`,
  })
}

function mistakeOf(tool: Tool, { findResource }: Pick<Catalog, 'findResource'>): string | undefined {
  const visibility = uiOf(tool)?.visibility
  const isKnown = Array.isArray(visibility) && visibility.every((audience) => VISIBLE_TO.includes(audience))
  if (visibility !== undefined && !isKnown) return 'its meta.ui.visibility is not a list of model and app.'
  const uri = uriOf(tool)
  if (uri === undefined) return undefined
  if (typeof uri !== 'string' || !uri.startsWith('ui://')) return 'its page has no URI that begins with ui://.'
  const page = findResource(uri)
  if (page === undefined) return `its page ${uri} is not offered.`
  const { mimeType } = page.definition
  if (isAppType(mimeType)) return undefined
  return `its page ${uri} has ${mimeType === undefined ? 'no mimeType' : `the mimeType ${mimeType}`}, not ${APP_TYPE}.`
}

function isAppType(mimeType: string | undefined): boolean {
  return mimeType?.replaceAll(' ', '').toLowerCase() === APP_TYPE
}

function uiOf({ definition }: Tool): Record<string, unknown> | undefined {
  const ui = definition.meta?.ui
  return typeof ui === 'object' && ui !== null ? (ui as Record<string, unknown>) : undefined
}

function uriOf(tool: Tool): unknown {
  return uiOf(tool)?.resourceUri ?? tool.definition.meta?.['ui/resourceUri']
}
