import type { App } from '../app/app.ts'
import type { Principal } from './run-app.ts'

/** One list item as a client gets it. */
export type Listed = Readonly<Record<string, unknown>> & { readonly name: string }

/** Everything that a caller is offered, by kind. */
export interface Offered {
  readonly tools: readonly Listed[]
  readonly resources: readonly Listed[]
  readonly resourceTemplates: readonly Listed[]
  readonly prompts: readonly Listed[]
}

const METHODS = {
  tools: 'tools/list',
  resources: 'resources/list',
  resourceTemplates: 'resources/templates/list',
  prompts: 'prompts/list',
} as const satisfies Record<keyof Offered, string>

/** Asks for every list, page by page, as the principal or as the local caller. */
export async function listOffered(app: App, as: Principal | undefined): Promise<Offered> {
  const peer = app.connectInMemory(as)
  const all = async (kind: keyof Offered): Promise<Listed[]> => {
    const items: Listed[] = []
    // A server that has none of a kind has no such method either.
    if (app.catalog[kind].length === 0) return items
    let cursor: unknown
    do {
      const page = (await peer.request(METHODS[kind], cursor === undefined ? {} : { cursor })) as Record<
        string,
        unknown
      >
      items.push(...((page[kind] ?? []) as Listed[]))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    return items
  }
  try {
    return {
      tools: await all('tools'),
      resources: await all('resources'),
      resourceTemplates: await all('resourceTemplates'),
      prompts: await all('prompts'),
    }
  } finally {
    peer.close()
  }
}

/** The word by which an item is asked for: a URI where it has one, else its name. */
export function addressOf(item: Listed): string {
  return String(item.uri ?? item.uriTemplate ?? item.name)
}
