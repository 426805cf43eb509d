import type { Capability } from '../capabilities/capability.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import type { EventBus } from '../edge/event-bus.ts'
import { allOf } from './compile-catalog.ts'

/** How two catalogs differ, as their clients see it. */
export interface CatalogChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** What is new, gone or listed otherwise; of the last both, as it was and as it is. */
  readonly tools: readonly Capability[]
  readonly prompts: readonly Capability[]
  readonly resources: readonly Capability[]
  /** Whether anything differs at all. */
  readonly isChange: boolean
}

/** Compares by what lists show. */
export function compareCatalogs(before: Catalog, after: Catalog): CatalogChange {
  const names = (catalog: Catalog): readonly string[] => allOf(catalog).map(nameOf)
  const old = new Set(names(before))
  const now = new Set(names(after))
  const tools = changedOf(before.tools, after.tools)
  const prompts = changedOf(before.prompts, after.prompts)
  const resources = [
    ...changedOf(before.resources, after.resources),
    ...changedOf(before.resourceTemplates, after.resourceTemplates),
  ]
  return {
    added: [...now].filter((name) => !old.has(name)),
    removed: [...old].filter((name) => !now.has(name)),
    tools,
    prompts,
    resources,
    isChange: tools.length + prompts.length + resources.length > 0,
  }
}

const KINDS = ['tools', 'prompts', 'resources'] as const

/** Tells whoever subscribed and may see something of it. */
export function announceChanges(change: CatalogChange, events: EventBus): void {
  for (const kind of KINDS) if (change[kind].length > 0) events.publish({ kind, changed: change[kind] })
}

/** Tells everybody who subscribed that what they may see can be another. */
export function announceVisibility(events: EventBus): void {
  for (const kind of KINDS) events.publish({ kind })
}

function changedOf(before: readonly Capability[], after: readonly Capability[]): readonly Capability[] {
  const old = new Map(before.map((capability) => [nameOf(capability), capability]))
  const now = new Map(after.map((capability) => [nameOf(capability), capability]))
  const gone = before.filter((capability) => !isListedAlike(capability, now.get(nameOf(capability))))
  const come = after.filter((capability) => !isListedAlike(capability, old.get(nameOf(capability))))
  return [...gone, ...come]
}

function isListedAlike(one: Capability, other: Capability | undefined): boolean {
  return other !== undefined && (one === other || JSON.stringify(one.listing) === JSON.stringify(other.listing))
}

function nameOf(capability: Capability): string {
  if (capability.kind === 'resource') return capability.uri
  return capability.kind === 'resourceTemplate' ? capability.definition.uriTemplate : capability.name
}
