// npm runs this after `npm ci` and before packing, so that a fresh clone can be used at once; `npx toolgate` in a clone
// runs it too, so it builds only what is older than its source. Where the development dependencies were left out there
// is no compiler; then what was built before, if anything, stays as it is.
import { readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))

if (!hasCompiler()) process.stdout.write('toolgate: not built, the development dependencies are not installed\n')
else if (!isBuilt()) await import('./build.mjs')

function hasCompiler() {
  try {
    createRequire(import.meta.url).resolve('typescript/bin/tsc')
    return true
  } catch {
    return false
  }
}

function isBuilt() {
  // The last file that a build writes.
  const built = changedAt('dist/config.schema.json')
  const sources = readdirSync(at('src'), { recursive: true }).map((path) => `src/${path}`)
  return ['package.json', 'tsconfig.build.json', ...sources].every((path) => changedAt(path) <= built)
}

function changedAt(path) {
  return statSync(at(path), { throwIfNoEntry: false })?.mtimeMs ?? 0
}
