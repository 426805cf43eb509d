import type { ChangeNotifier } from '../capabilities/call-context.ts'
import type { Capability } from '../capabilities/capability.ts'
import type { Catalog } from '../capabilities/catalog.ts'
import { allOf } from './compile-catalog.ts'

/** How two catalogs differ, as their clients see it. */
export interface CatalogChange {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly tools: boolean
  readonly prompts: boolean
  readonly resources: boolean
  /** Whether anything differs at all. */
  readonly isChange: boolean
}

/** Compares by what lists show. */
export function compareCatalogs(before: Catalog, after: Catalog): CatalogChange {
  const names = (catalog: Catalog): readonly string[] => allOf(catalog).map(nameOf)
  const old = new Set(names(before))
  const now = new Set(names(after))
  const tools = differ(before.tools, after.tools)
  const prompts = differ(before.prompts, after.prompts)
  const resources = differ(
    [...before.resources, ...before.resourceTemplates],
    [...after.resources, ...after.resourceTemplates],
  )
  return {
    added: [...now].filter((name) => !old.has(name)),
    removed: [...old].filter((name) => !now.has(name)),
    tools,
    prompts,
    resources,
    isChange: tools || prompts || resources,
  }
}

/** Tells whoever subscribed. */
export function announceChanges(
  change: Pick<CatalogChange, 'tools' | 'prompts' | 'resources'>,
  notifier: ChangeNotifier,
): void {
  if (change.tools) notifier.toolsChanged()
  if (change.prompts) notifier.promptsChanged()
  if (change.resources) notifier.resourcesChanged()
}

function nameOf(capability: Capability): string {
  if (capability.kind === 'resource') return capability.uri
  return capability.kind === 'resourceTemplate' ? capability.definition.uriTemplate : capability.name
}

function differ(before: readonly Capability[], after: readonly Capability[]): boolean {
  const listed = (capabilities: readonly Capability[]): string =>
    JSON.stringify(capabilities.map(({ listing }) => listing))
  return listed(before) !== listed(after)
}
