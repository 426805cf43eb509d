import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** One row of the table in layers.config.cjs. */
export interface Layer {
  readonly path: string
  readonly job: string
  readonly imports: readonly string[]
  readonly packages: readonly string[]
}

/** The table of who may import whom. */
export const layers: readonly Layer[] = (
  createRequire(import.meta.url)('../layers.config.cjs') as { layers: readonly Layer[] }
).layers

/** The rows whose folder or file stands in the given tree. */
export function presentLayers(root: string): readonly Layer[] {
  return layers.filter(({ path }) => existsSync(join(root, 'src', path)))
}
