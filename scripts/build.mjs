// Plain JavaScript on purpose: it runs during installation, where nothing that reads TypeScript need be there.
import { spawnSync } from 'node:child_process'
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

// Built aside and swapped in whole, because a running server still loads parts of itself when they are first needed.
const aside = `dist-${process.pid}`
try {
  await build()
} finally {
  rmSync(at(aside), { recursive: true, force: true })
}

async function build() {
  const compiled = spawnSync(process.execPath, [tsc, '-p', at('tsconfig.build.json'), '--outDir', at(aside)], {
    stdio: 'inherit',
  })
  if (compiled.status !== 0) {
    process.exitCode = compiled.status ?? 1
    return
  }
  const { configJsonSchema } = await import(`../${aside}/config/json-schema.js`)
  writeFileSync(at(`${aside}/config.schema.json`), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  chmodSync(at(`${aside}/cli/main.js`), 0o755)
  rmSync(at('dist'), { recursive: true, force: true })
  renameSync(at(aside), at('dist'))
}
