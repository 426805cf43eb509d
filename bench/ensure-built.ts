import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { nodeBinary } from './process/node-binary.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Builds `dist/` when it is missing or older than any source: what is measured is what the sources say. */
export function ensureBuilt(say: (line: string) => void): void {
  const built = join(root, 'dist/cli/main.js')
  if (existsSync(built) && statSync(built).mtimeMs >= newestSource(join(root, 'src'))) return
  say('building dist')
  // The compiler's words go to stderr: stdout is for the figures.
  execFileSync(nodeBinary, [join(root, 'scripts/build.mjs')], { cwd: root, stdio: ['ignore', 2, 2] })
}

function newestSource(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .reduce((newest, entry) => Math.max(newest, statSync(join(entry.parentPath, entry.name)).mtimeMs), 0)
}
