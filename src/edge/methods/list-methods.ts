import type { Capability, ResourceTemplate } from '../../capabilities/capability.ts'
import type { Catalog } from '../../capabilities/catalog.ts'
import { ToolgateError } from '../../errors.ts'
import { listCapabilities } from '../../pipeline/list-capabilities.ts'
import { recordList } from '../../pipeline/record-list.ts'
import type { Method } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { isObject } from '../protocol/envelope.ts'
import { executionOf, knowsCoreTasks } from '../tasks/core-task.ts'
import { metered } from './metered.ts'
import { takePage } from './take-page.ts'

type ListName = 'tools' | 'resources' | 'resourceTemplates' | 'prompts'

const METHODS: Readonly<Record<ListName, string>> = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
}

export const listTools: Method = listMethod('tools', toToolListing)
export const listResources: Method = listMethod('resources')
export const listResourceTemplates: Method = listMethod('resourceTemplates')
export const listPrompts: Method = listMethod('prompts')

/** Makes the method that lists what its caller may use, in the catalog's order, a page at a time. */
function listMethod(
  list: ListName,
  toListing: (capability: Capability, exchange: Exchange) => object = listingOf,
): Method {
  return metered((engine, params, exchange) => {
    requireKind(engine.guards.catalog, list)
    const visible = listCapabilities<Capability>(engine.guards, exchange.principal, engine.guards.catalog[list])
    const { page, next } = takePage(engine, exchange, { list, items: visible, keyOf, params })
    if (params.cursor === undefined) {
      recordList(engine.guards, exchange.principal, { method: METHODS[list], names: visible.map(keyOf) })
    }
    return { [list]: page.map((capability) => toListing(capability, exchange)), ...next }
  })
}

/** Whether the server has, and so declares, a kind of capability. Tools always, for one may be added while it runs. */
export function offers(catalog: Catalog, kind: 'tools' | 'resources' | 'prompts'): boolean {
  if (kind === 'resources') return catalog.resources.length + catalog.resourceTemplates.length > 0
  return kind === 'tools' || catalog.prompts.length > 0
}

function requireKind(catalog: Catalog, list: ListName): void {
  const kind = list === 'resourceTemplates' ? 'resources' : list
  if (!offers(catalog, kind))
    throw new ToolgateError({ code: 'METHOD_NOT_FOUND', message: `This server offers no ${kind}.` })
}

function listingOf(capability: Capability): object {
  return capability.listing
}

/** Before 2026-07-28 a structured result was an object, so a schema of anything else is not told. */
function toToolListing(capability: Capability, exchange: Exchange): object {
  if (exchange.era === 'modern') return capability.listing
  const listing = { ...capability.listing, ...(knowsCoreTasks(exchange) ? executionOf(capability) : {}) }
  const output = listing.outputSchema
  if (!isObject(output) || output.type === 'object') return listing
  const { outputSchema: _, ...others } = listing
  return others
}

function keyOf(capability: Capability): string {
  if (capability.kind === 'resource') return capability.uri
  return capability.kind === 'resourceTemplate'
    ? (capability as ResourceTemplate).definition.uriTemplate
    : capability.name
}
