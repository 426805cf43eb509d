import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawLayers } from '../scripts/draw-layers.ts'
import { layers } from '../scripts/layers.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const config = createRequire(import.meta.url)('../layers.config.cjs') as {
  forbidden: NonNullable<IFlattenedRuleSet['forbidden']>
  options: { doNotFollow: { path: string }; enhancedResolveOptions: Record<string, unknown> }
}

async function cruiseTree(baseDir: string): Promise<ICruiseResult> {
  const { doNotFollow, enhancedResolveOptions } = config.options
  const { output } = await cruise(
    ['src'],
    { baseDir, doNotFollow, tsPreCompilationDeps: true, ruleSet: { forbidden: config.forbidden }, validate: true },
    enhancedResolveOptions,
    { tsConfig: extractTsConfig(join(root, 'tsconfig.json')) },
  )
  if (typeof output === 'string') throw new Error('dependency-cruiser answered text')
  return output
}

const brokenRules = (result: ICruiseResult): string[] => [
  ...new Set(result.summary.violations.map(({ rule }) => rule.name)),
]

const sources: readonly string[] = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort()
const read = (file: string): string => readFileSync(join(root, 'src', file), 'utf8')

describe('who may import whom', () => {
  let result: ICruiseResult
  beforeAll(async () => {
    result = await cruiseTree(root)
  })

  it('is kept everywhere in src', () => {
    expect(result.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([])
  })

  // A cruiser that cannot read TypeScript sees nothing and reports success.
  it('was checked over every file', () => {
    const seen = new Set(result.modules.map(({ source }) => source))
    expect(sources.filter((file) => !seen.has(`src/${file}`))).toEqual([])
    expect(result.summary.totalCruised).toBeGreaterThan(60)
    expect(result.summary.totalDependenciesCruised ?? 0).toBeGreaterThan(150)
  })

  it('has a row for every folder of src, and no row without one', () => {
    const parts = readdirSync(join(root, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || entry.name.endsWith('.ts'))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    expect(layers.map(({ path }) => path).sort()).toEqual(parts.sort())
  })

  it('is drawn in ARCHITECTURE.md as it is (npm run docs)', () => {
    const architecture = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    expect(drawLayers(architecture, root)).toBe(architecture)
  })
})

describe('each rule bites', () => {
  const trees: string[] = []
  afterAll(() => {
    for (const tree of trees) rmSync(tree, { recursive: true, force: true })
  })

  function plant(files: Record<string, string>): string {
    const tree = mkdtempSync(join(tmpdir(), 'toolgate-layers-'))
    trees.push(tree)
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, file)), { recursive: true })
      writeFileSync(join(tree, file), text)
    }
    return tree
  }

  const value = (specifier: string): string => `import { x } from '${specifier}'\nexport const y = x\n`
  const type = (specifier: string): string => `import type { x } from '${specifier}'\nexport type Y = typeof x\n`
  const leaf = 'export const x = 1\n'
  const inside = (path: string): string => (path.endsWith('/') ? `${path}a.ts` : path)

  // What each row may least of all import: the command line, and for the command line the pipeline.
  it.each(layers.map(({ path }) => path))('a forbidden import in %s is found', async (path) => {
    const target = path === 'cli/' ? 'pipeline/b.ts' : 'cli/b.ts'
    const specifier = `${path.includes('/') ? '../' : './'}${target}`
    const tree = plant({ [`src/${inside(path)}`]: type(specifier), [`src/${target}`]: leaf })
    expect(brokenRules(await cruiseTree(tree))).toEqual([`layer: ${path}`])
  })

  it.each(layers.map(({ path }) => path))('a foreign package in %s is found', async (path) => {
    const tree = plant({
      'package.json': '{ "dependencies": { "left-pad": "1.0.0" } }',
      'node_modules/left-pad/package.json': '{ "name": "left-pad", "version": "1.0.0", "main": "index.js" }',
      'node_modules/left-pad/index.js': 'exports.x = 1\n',
      [`src/${inside(path)}`]: value('left-pad'),
    })
    expect(brokenRules(await cruiseTree(tree))).toEqual([`packages: ${path}`])
  })

  it.each([
    ['a driver behind an interface', 'pipeline/a.ts', 'storage/sqlite/b.ts', 'layer: pipeline/'],
    ['a connector that reaches into the guards', 'connectors/sdk/a.ts', 'pipeline/b.ts', 'layer: connectors/'],
    ['the edge reading the configuration', 'edge/http/a.ts', 'config/b.ts', 'layer: edge/'],
    ['the app reaching for the command line', 'app/a.ts', 'cli/b.ts', 'layer: app/'],
    ['the configuration loading a connector', 'config/a.ts', 'connectors/sdk/b.ts', 'layer: config/'],
  ])('%s is found', async (_, from, to, rule) => {
    const up = '../'.repeat(from.split('/').length - 1)
    const tree = plant({ [`src/${from}`]: type(`${up}${to}`), [`src/${to}`]: leaf })
    expect(brokenRules(await cruiseTree(tree))).toEqual([rule])
  })

  it('the configuration may read a folder’s options', async () => {
    const tree = plant({
      'src/config/a.ts': `${value('../connectors/sdk/options.ts')}export { x as z } from '../edge/options.ts'\n`,
      'src/connectors/sdk/options.ts': leaf,
      'src/edge/options.ts': leaf,
    })
    expect(brokenRules(await cruiseTree(tree))).toEqual([])
  })

  it('options that load more than zod are found', async () => {
    const tree = plant({
      'package.json': '{ "dependencies": { "left-pad": "1.0.0", "zod": "4.0.0" } }',
      'node_modules/left-pad/index.js': leaf,
      'node_modules/zod/index.js': leaf,
      'src/edge/options.ts': value('zod'),
      'src/audit/options.ts': value('left-pad'),
    })
    expect(brokenRules(await cruiseTree(tree))).toEqual(['options are schemas'])
  })

  it('one connector importing another is found', async () => {
    const tree = plant({ 'src/connectors/one/a.ts': value('../two/b.ts'), 'src/connectors/two/b.ts': leaf })
    expect(brokenRules(await cruiseTree(tree))).toEqual(['connectors are strangers'])
  })

  it('a circle of values is found, a circle of types is not', async () => {
    const values = plant({
      'src/edge/a.ts': `import { y } from './b.ts'\nexport const x = (): unknown => y\n`,
      'src/edge/b.ts': `import { x } from './a.ts'\nexport const y = (): unknown => x\n`,
    })
    expect(brokenRules(await cruiseTree(values))).toEqual(['no cycles'])
    const types = plant({
      'src/edge/a.ts': `import type { Y } from './b.ts'\nexport type X = Y | 1\n`,
      'src/edge/b.ts': `import type { X } from './a.ts'\nexport type Y = X[]\n`,
    })
    expect(brokenRules(await cruiseTree(types))).toEqual([])
  })

  it('an import of a test is found', async () => {
    const tree = plant({ 'src/edge/a.ts': value('./b.test.ts'), 'src/edge/b.test.ts': leaf })
    expect(brokenRules(await cruiseTree(tree))).toEqual(['tests are leaves'])
  })

  it('an import that leads nowhere is found', async () => {
    const tree = plant({ 'src/edge/a.ts': value('./gone.ts') })
    expect(brokenRules(await cruiseTree(tree))).toEqual(['everything resolves'])
  })
})

describe('the look of src', () => {
  const offenders = (isOffence: (text: string, file: string) => boolean): string[] =>
    sources.filter((file) => isOffence(read(file), file))

  it('has no drawer for odds and ends', () => {
    const words = /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.ts$)/
    expect(sources.filter((file) => words.test(file))).toEqual([])
  })

  it('has no file over 300 lines', () => {
    expect(offenders((text, file) => !file.endsWith('.test.ts') && text.split('\n').length > 301)).toEqual([])
  })

  it('exports by name, one by one', () => {
    expect(offenders((text) => /^export \*/m.test(text))).toEqual([])
    expect(offenders((text) => /^export default\b|\bas default\b/m.test(text))).toEqual([])
  })

  it('loads the official SDK in the connectors that speak it and nowhere else', () => {
    const loads =
      /^(?:import|export) (?!type\b)[^'"]*from ['"]@modelcontextprotocol\/|import\(\s*['"]@modelcontextprotocol\//m
    const allowed = /^connectors\/(sdk|mcp)\/|\.test\.ts$/
    expect(offenders((text, file) => !allowed.test(file) && loads.test(text))).toEqual([])
  })

  it('writes to the console in the command line alone', () => {
    const writes = /\bconsole\s*\.\s*(log|info|warn|error|debug|trace)\(/
    const code = (text: string): string =>
      text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replace(/(['"`])(?:\\.|(?!\1)[^\\])*\1/g, '')
    expect(offenders((text, file) => !/^cli\/|\.test\.ts$/.test(file) && writes.test(code(text)))).toEqual([])
  })
})
