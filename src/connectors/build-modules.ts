import { readFile, stat } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type {
  BuildFailure,
  BuildOptions,
  BuildResult,
  Message,
  OnLoadResult,
  OnResolveArgs,
  OnResolveResult,
  Plugin,
  PluginBuild,
} from 'esbuild'
import { type BuildInput, outputName, sha256 } from './module-cache.ts'
import { RUNNING_PACKAGE_ROOT, type RunningPackage } from './running-package.ts'

/** What is built, and how it is placed. */
export interface BuildRequest {
  /** Absolute files. */
  readonly entries: readonly string[]
  /** The folder whose plain JavaScript is bundled too; JavaScript outside is left to Node. */
  readonly project: string
  readonly toolgate: RunningPackage
  /** Told of every file that goes in, also when the build fails. */
  readonly onInput: (path: string) => void
}

/** Files by name, and what went into them. */
export interface Build {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly inputs: readonly BuildInput[]
}

/** Mistakes in the user's files, as esbuild words them. */
export class BuildMistakes extends Error {
  readonly mistakes: readonly Message[]

  constructor(mistakes: readonly Message[], cause: unknown) {
    super('The build has mistakes.', { cause })
    this.name = 'BuildMistakes'
    this.mistakes = mistakes
  }
}

/**
 * Bundles the entries in one build: what they import from the user's own folders once, packages not at all. Throws
 * `BuildMistakes`. esbuild is loaded here and nowhere else, so that a start from the cache does not pay for it.
 */
export async function buildModules(request: BuildRequest): Promise<Build> {
  const inputs = new Map<string, BuildInput>()
  const result = await runBuild(request, inputs)
  const files = new Map(result.outputFiles.map(({ path, contents }) => [basename(path), contents] as const))
  return { files, inputs: [...inputs.values()] }
}

/** Outputs are named in this folder, which is never written. */
const OUT = join(sep, 'toolgate-out')

type Result = BuildResult<{ write: false; metafile: true }>

let running = 0

async function runBuild(request: BuildRequest, inputs: Map<string, BuildInput>): Promise<Result> {
  running += 1
  const esbuild = await import('esbuild')
  try {
    return (await esbuild.build(buildOptions(request, inputs))) as Result
  } catch (thrown) {
    const mistakes = (thrown as Partial<BuildFailure>).errors
    throw mistakes === undefined ? thrown : new BuildMistakes(mistakes, thrown)
  } finally {
    running -= 1
    // Its child process would otherwise stay, idle, as long as this one.
    if (running === 0) await esbuild.stop()
  }
}

function buildOptions(request: BuildRequest, inputs: Map<string, BuildInput>): BuildOptions {
  return {
    absWorkingDir: request.project,
    entryPoints: request.entries.map((entry, index) => ({ in: entry, out: outputName(index) })),
    outdir: OUT,
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Without this esbuild also follows the `module` condition, which Node does not know.
    conditions: [],
    outExtension: { '.js': '.mjs' },
    chunkNames: 'chunk-[hash]',
    sourcemap: 'linked',
    sourcesContent: false,
    // Sources are written relative to OUT, which stands right under the root, wherever the outputs come to lie.
    sourceRoot: '/',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
    // CommonJS of the user's own needs a `require` in the ES module it becomes a part of.
    banner: {
      js: "import{createRequire as __toolgateRequire}from'node:module';const require=__toolgateRequire(import.meta.url);",
    },
    define: Object.fromEntries(META.map(({ member, name }) => [`import.meta.${member}`, name])),
    plugins: [placeImports(request), readInputs(request, inputs)],
  }
}

/** What a file knows of its own place; it must stay that of the source. */
const META: readonly { member: string; name: string; valueFor: (path: string) => string }[] = [
  { member: 'url', name: '__toolgate_url', valueFor: (path) => pathToFileURL(path).href },
  { member: 'filename', name: '__toolgate_filename', valueFor: (path) => path },
  { member: 'dirname', name: '__toolgate_dirname', valueFor: (path) => dirname(path) },
]

function readInputs(request: BuildRequest, inputs: Map<string, BuildInput>): Plugin {
  return {
    name: 'read-inputs',
    setup: (build) => {
      build.onLoad({ filter: /.*/, namespace: AUTHORING }, readAuthoring)
      build.onLoad({ filter: /.*/, namespace: 'file' }, async ({ path }): Promise<OnLoadResult> => {
        if (!request.toolgate.owns(path)) request.onInput(path)
        const { size, mtimeMs } = await stat(path)
        const content = await readFile(path)
        inputs.set(path, { path, size, mtimeMs, hash: sha256(content) })
        return { contents: withOwnPlace(path, content), loader: 'default' }
      })
    },
  }
}

/** Declared on the first line, so that line numbers stay; esbuild renames what several files of a bundle declare. */
function withOwnPlace(path: string, content: Uint8Array): Uint8Array | string {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return content
  const text = Buffer.from(content).toString('utf8')
  const used = META.filter(({ member }) => text.includes(`import.meta.${member}`))
  if (used.length === 0) return content
  const declared = used.map(({ name, valueFor }) => `${name}=${JSON.stringify(valueFor(path))}`).join(',')
  return `const ${declared};${text.startsWith('#!') ? '//' : ''}${text.replace(/^\uFEFF/, '')}`
}

const RESOLVING = Symbol('resolving')

function placeImports(request: BuildRequest): Plugin {
  return {
    name: 'place-imports',
    setup: (build) => {
      build.onResolve({ filter: /.*/ }, (args) => {
        if (args.pluginData === RESOLVING || args.kind === 'entry-point') return undefined
        return placeImport(args, build, request)
      })
    },
  }
}

async function placeImport(args: OnResolveArgs, build: PluginBuild, request: BuildRequest): Promise<OnResolveResult> {
  if (isBuiltin(args.path)) return { path: args.path, external: true, sideEffects: false }
  if (/^(data|https?|file):/.test(args.path)) return { path: args.path, external: true }
  if (args.path === 'toolgate' || args.path.startsWith('toolgate/')) return placeToolgate(args.path, request.toolgate)
  const found = await resolveImport(args, build)
  if (found.errors.length > 0) return { errors: found.errors, warnings: found.warnings }
  const sideEffects = request.toolgate.owns(args.importer) ? false : found.sideEffects
  if (isBundled(found.path, request.project)) return { path: found.path, namespace: found.namespace, sideEffects }
  return { path: pathToFileURL(found.path).href, external: true, sideEffects }
}

type Resolved = Awaited<ReturnType<PluginBuild['resolve']>>

async function resolveImport(args: OnResolveArgs, build: PluginBuild): Promise<Resolved> {
  const { importer, namespace, resolveDir, kind } = args
  const found = await build.resolve(args.path, {
    importer,
    namespace,
    resolveDir,
    kind,
    with: args.with,
    pluginData: RESOLVING,
  })
  if (found.errors.length === 0 || !/^zod($|\/)/.test(args.path)) return found
  // A project without zod of its own is served with the one that is here anyhow.
  return build.resolve(args.path, {
    importer,
    namespace,
    resolveDir: RUNNING_PACKAGE_ROOT,
    kind,
    pluginData: RESOLVING,
  })
}

/**
 * From its build the running package is imported, so that there is one of it. From its sources it cannot be, as Node
 * does not read TypeScript; then the parts that authors use are bundled, which know each other by registered symbols.
 */
function placeToolgate(specifier: string, toolgate: RunningPackage): OnResolveResult {
  const path = toolgate.resolve(specifier)
  if (path === undefined) return { errors: [{ text: `"${specifier}" is not something that toolgate exports` }] }
  if (toolgate.isSource && specifier === 'toolgate')
    return { path: specifier, namespace: AUTHORING, sideEffects: false }
  if (path.endsWith('.json') || toolgate.isSource) return { path, sideEffects: false }
  return { path: pathToFileURL(path).href, external: true, sideEffects: false }
}

const AUTHORING = 'toolgate-authoring'

/** What a user's file can need of `toolgate`; the rest of it would only be read to be thrown away. */
const AUTHORING_SOURCES = [
  'capabilities/definition.ts',
  'capabilities/input-required.ts',
  'config/define-config.ts',
  'errors.ts',
]

function readAuthoring(): OnLoadResult {
  const contents = AUTHORING_SOURCES.map((path) => `export * from './${path}'`).join('\n')
  return { contents, loader: 'ts', resolveDir: join(RUNNING_PACKAGE_ROOT, 'src') }
}

const TRANSLATED = new Set(['.ts', '.mts', '.cts', '.tsx', '.jsx', '.json', '.txt'])
const LOADED_BY_NODE = new Set(['.cjs', '.node', '.wasm'])

/** What Node cannot read is bundled wherever it lies; JavaScript only where the user edits it. */
function isBundled(path: string, project: string): boolean {
  const extension = extname(path)
  if (TRANSLATED.has(extension)) return true
  if (LOADED_BY_NODE.has(extension)) return false
  const inside = relative(project, path)
  return !inside.startsWith('..') && !inside.split(sep).includes('node_modules')
}
