import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeBinary } from './process/node-binary.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds `dist/` when it is missing or older than any source: what is measured is what the sources say. */
export function ensureBuilt(): void {
  // The compiler's words go to stderr: stdout is for the figures.
  execFileSync(nodeBinary, ['scripts/prepare.mjs'], { cwd: root, stdio: ['ignore', 2, 2] })
}
