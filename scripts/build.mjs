// Plain JavaScript on purpose: it runs during installation, where nothing that reads TypeScript need be there.
import { spawnSync } from 'node:child_process'
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')

rmSync(at('dist'), { recursive: true, force: true })
const compiled = spawnSync(process.execPath, [tsc, '-p', at('tsconfig.build.json')], { stdio: 'inherit' })
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

const { configJsonSchema } = await import('../dist/config/json-schema.js')
writeFileSync(at('dist/config.schema.json'), `${JSON.stringify(configJsonSchema(), null, 2)}\n`)
chmodSync(at('dist/cli/main.js'), 0o755)
