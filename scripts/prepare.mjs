// npm runs this after `npm ci` and before packing, so that a fresh clone can be used at once. Where the development
// dependencies were left out there is no compiler; then what was built before, if anything, stays as it is.
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'

// The package that brings Node 22 for CI links itself as `node`, and npm puts that folder before everything else: every
// `npm run` would leave the floor without a word.
rmSync(new URL('../node_modules/.bin/node', import.meta.url), { force: true })

if (hasCompiler()) await import('./build.mjs')
else process.stdout.write('toolgate: not built, because the development dependencies are not installed\n')

function hasCompiler() {
  try {
    createRequire(import.meta.url).resolve('typescript/bin/tsc')
    return true
  } catch {
    return false
  }
}
