// Plain JavaScript on purpose: it runs during installation, where nothing that reads TypeScript need be there.
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url))
const { resolve } = createRequire(import.meta.url)
const tsc = resolve('typescript/bin/tsc')

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
  dropCompiled()
  await bundleEntries()
  copyFileSync(resolve('yaml/package.json').replace(/package\.json$/, 'LICENSE'), at(`${aside}/chunks/yaml.LICENSE`))
  chmodSync(at(`${aside}/cli/main.js`), 0o755)
  rmSync(at('dist'), { recursive: true, force: true })
  renameSync(at(aside), at('dist'))
}

/** Of what was compiled file by file, the declarations stay. */
function dropCompiled() {
  for (const file of readdirSync(at(aside), { recursive: true })) {
    if (/\.js(\.map)?$/.test(file)) rmSync(at(`${aside}/${file}`))
  }
}

/**
 * Few files instead of hundreds: finding and reading them was a fifth of the start. All entries together, so that what a tool
 * imports from `toolgate` is what runs; in `chunks/`, as deep as the folders of `src/`, so that files are found from there as from
 * the sources. Packages stay outside (zod is loaded by tools, too), except for yaml, which is 72 files.
 */
async function bundleEntries() {
  const { dependencies, devDependencies, peerDependencies } = createRequire(import.meta.url)('../package.json')
  await bundle({
    absWorkingDir: at(''),
    entryPoints: {
      index: 'src/index.ts',
      'cli/main': 'src/cli/main.ts',
      'testkit/index': 'src/testkit/index.ts',
      'sqlite-process': 'src/connectors/sqlite/sqlite-process.ts',
    },
    outdir: at(aside),
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.20',
    sourcemap: true,
    external: Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies }).filter(
      (name) => name !== 'yaml',
    ),
    banner: {
      js: "import{createRequire as __toolgateRequire}from'node:module';const require=__toolgateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  })
}
