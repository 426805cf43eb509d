import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import ts from 'typescript'
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

/** Loaded with `require` when it is needed, which the cruiser does not see. */
const REQUIRED: ReadonlySet<string> = new Set(['libsql'])

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

  it('permits nothing that nobody uses', () => {
    const used = result.modules
      .filter(({ source }) => source.startsWith('src/') && !source.endsWith('.test.ts'))
      .flatMap(({ source, dependencies }) => dependencies.map(({ resolved }) => ({ source, resolved })))
    const isIn = (path: string, entry: string): boolean =>
      entry.endsWith('/') ? path.startsWith(`src/${entry}`) : path === `src/${entry}`
    const idle = layers.flatMap(({ path, imports, packages }) => {
      const mine = used.filter(({ source }) => isIn(source, path))
      const fixed = imports.filter((entry) => !entry.includes('*'))
      return [
        ...fixed.filter((entry) => !mine.some(({ resolved }) => isIn(resolved, entry))),
        ...packages
          .filter((name) => !REQUIRED.has(name))
          .filter((name) => !mine.some(({ resolved }) => resolved.includes(`node_modules/${name}/`))),
      ].map((entry) => `${path} may import ${entry}`)
    })
    expect(idle).toEqual([])
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
  const parsed = sources.map((file) => ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest))
  /** Files in which some node of the syntax is an offence; what stands in strings and comments is none. */
  const offenders = (isOffence: (node: ts.Node) => boolean): string[] => {
    const offends = (node: ts.Node): boolean => isOffence(node) || ts.forEachChild(node, offends) === true
    return parsed.filter(offends).map(({ fileName }) => fileName)
  }
  const without = (files: readonly string[], allowed: RegExp): string[] => files.filter((file) => !allowed.test(file))

  it('has no drawer for odds and ends', () => {
    const words = /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.ts$)/
    expect(sources.filter((file) => words.test(file))).toEqual([])
  })

  it('has no file over 300 lines', () => {
    const long = sources.filter((file) => read(file).trimEnd().split('\n').length > 300)
    expect(without(long, /\.test\.ts$/)).toEqual([])
  })

  it('leaves nothing for later', () => {
    expect(sources.filter((file) => /\b(TODO|FIXME|XXX)\b/.test(read(file)))).toEqual([])
  })

  it('exports by name, one by one', () => {
    const isStar = (node: ts.Node): boolean => ts.isExportDeclaration(node) && node.exportClause === undefined
    const isDefault = (node: ts.Node): boolean =>
      ts.isExportAssignment(node) ||
      node.kind === ts.SyntaxKind.DefaultKeyword ||
      (ts.isExportSpecifier(node) && node.name.text === 'default')
    expect(offenders(isStar)).toEqual([])
    expect(offenders(isDefault)).toEqual([])
  })

  it('loads the official SDK in the connectors that speak it and nowhere else', () => {
    const isSdk = (node: ts.Node | undefined): boolean =>
      node !== undefined && ts.isStringLiteralLike(node) && node.text.startsWith('@modelcontextprotocol/')
    const loads = (node: ts.Node): boolean =>
      (ts.isImportDeclaration(node) && node.importClause?.isTypeOnly !== true && isSdk(node.moduleSpecifier)) ||
      (ts.isExportDeclaration(node) && !node.isTypeOnly && isSdk(node.moduleSpecifier)) ||
      (ts.isCallExpression(node) && isSdk(node.arguments[0]))
    expect(without(offenders(loads), /^connectors\/(sdk|mcp)\/|\.test\.ts$/)).toEqual([])
  })

  it('writes to the console in the command line alone', () => {
    const writes = (node: ts.Node): boolean =>
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      ts.isIdentifier(node.expression.expression) &&
      node.expression.expression.text === 'console'
    expect(without(offenders(writes), /^cli\/|\.test\.ts$/)).toEqual([])
  })
})
