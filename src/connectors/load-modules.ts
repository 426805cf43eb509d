import { readFile, realpath, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ToolgateError } from '../errors.ts'
import { buildModules } from './build-modules.ts'
import { describeImportFailures, toBuildFailure } from './describe-load-failure.ts'
import { type BuildIdentity, type CachedBuild, type ModuleCache, openModuleCache } from './module-cache.ts'
import { raceAbort } from './race-abort.ts'
import { findRunningPackage, type RunningPackage } from './running-package.ts'

/** What is loaded, and who is told. */
export interface LoadRequest {
  /** The folder or file the user named; absolute. The cache is kept by it and messages are relative to its parent. */
  readonly root: string
  /** The files whose exports are wanted; absolute. */
  readonly entries: readonly string[]
  readonly signal: AbortSignal
  /** Runs the entries anew even if nothing changed since they were loaded last; what they import is not. */
  readonly isFresh?: boolean
  /** A version that was loaded before: if it is still the current one, nothing is run and the answer is empty. */
  readonly known?: string
  /** Takes every file that goes in, also when loading fails; packages' files are not told. */
  readonly inputs?: Set<string>
}

/** The exports of one file. */
export interface LoadedModule {
  readonly file: string
  readonly exports: Readonly<Record<string, unknown>>
  /** Another one whenever the file, or anything of the user's that it imports, has another content. */
  readonly version: string
}

/**
 * Loads the user's TypeScript or JavaScript without a build step: bundles it into a cache, unless nothing changed, and
 * imports it from there. A changed file gives a fresh module graph under another name. Answers in the order of `entries`.
 * Rejects with `CONNECTOR_FAILED` naming file, line, column and mistake, and when `signal` fires.
 */
export async function loadModules(request: LoadRequest): Promise<readonly LoadedModule[]> {
  const { root, signal } = request
  if (signal.aborted) throw stopped(request)
  try {
    return await raceAbort(load(request), signal, () => stopped(request))
  } catch (thrown) {
    throw toBuildFailure(thrown, root, root)
  }
}

async function load(request: LoadRequest): Promise<readonly LoadedModule[]> {
  const project = await findProject(request.root)
  const toolgate = await findRunningPackage()
  const identity: BuildIdentity = { entries: request.entries, tools: await describeTools(toolgate) }
  const cache = await openModuleCache(request.root)
  const build = (input: Build): Promise<CachedBuild> => makeBuild({ ...input, request, identity, cache, toolgate })
  const cached = await cache.find(identity)
  const made = cached ?? (await build({ project }))
  for (const input of made.inputs) if (!toolgate.owns(input)) request.inputs?.add(input)
  if (request.known !== undefined && made.outputs[0] === request.known) return []
  try {
    return await importBuild(made, request)
  } catch (thrown) {
    // A package may have moved, or another process may have cleaned up, since the cached build was made.
    if (cached === undefined || !(thrown instanceof ToolgateError) || !isMissingModule(thrown.cause)) throw thrown
    return importBuild(await build({ project }), request)
  }
}

/** Loads one file and answers its exports. Rejects as `loadModules` does. */
export async function importModule(file: string, options: { signal: AbortSignal }): Promise<LoadedModule['exports']> {
  const [loaded] = await loadModules({ root: file, entries: [file], signal: options.signal })
  return loaded?.exports ?? {}
}

/** The folder of the nearest package.json or tsconfig.json above, which is where the user's own code ends. */
async function findProject(root: string): Promise<string> {
  // esbuild tells where files really are, so the folder they are compared with must be real too.
  const real = await realpath(root)
  const start = (await stat(real)).isDirectory() ? real : dirname(real)
  for (let at = start; ; at = dirname(at)) {
    if ((await exists(join(at, 'package.json'))) || (await exists(join(at, 'tsconfig.json')))) return at
    if (dirname(at) === at) return start
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** A build made by other tools, or by this package at another place, is not this one's. */
async function describeTools(toolgate: RunningPackage): Promise<string> {
  const path = createRequire(import.meta.url).resolve('esbuild/package.json')
  const { version } = JSON.parse(await readFile(path, 'utf8')) as { version: string }
  return [FORMAT, toolgate.version, toolgate.resolve('toolgate'), version].join(' ')
}

/** Raised when this loader writes something else into the cache. */
const FORMAT = '1'

interface Build {
  readonly project: string
}

interface BuildJob extends Build {
  readonly request: LoadRequest
  readonly identity: BuildIdentity
  readonly cache: ModuleCache
  readonly toolgate: RunningPackage
}

async function makeBuild({ project, request, identity, cache, toolgate }: BuildJob): Promise<CachedBuild> {
  const onInput = (path: string): void => void request.inputs?.add(path)
  try {
    const build = await buildModules({ entries: request.entries, project, toolgate, onInput })
    return await cache.store(identity, build.inputs, build.files)
  } catch (thrown) {
    throw toBuildFailure(thrown, project, request.root)
  }
}

let loads = 0

/** Node remembers a failed import for ever; asked again, it must be asked under another name. */
const failed = new Set<string>()

async function importBuild(build: CachedBuild, request: LoadRequest): Promise<readonly LoadedModule[]> {
  // So that a stack in the log names the line of the source and not that of the bundle.
  process.setSourceMapsEnabled(true)
  loads += 1
  const importing = build.outputs.map((output) => {
    const isAnew = request.isFresh === true || failed.has(output)
    return import(/* @vite-ignore */ `${pathToFileURL(output).href}${isAnew ? `?load=${loads}` : ''}`)
  })
  const settled = await Promise.allSettled(importing)
  const failures = settled.flatMap((one, index) => {
    if (one.status === 'fulfilled') return []
    failed.add(build.outputs[index] ?? '')
    return [{ file: request.entries[index] ?? '', reason: one.reason as unknown }]
  })
  if (failures.length > 0) throw describeImportFailures(failures, { root: request.root, inputs: build.inputs })
  return settled.map((one, index) => ({
    file: request.entries[index] ?? '',
    exports: (one as PromiseFulfilledResult<LoadedModule['exports']>).value,
    version: build.outputs[index] ?? '',
  }))
}

/** An import cannot be stopped, only not waited for any more. */
function stopped({ root, signal }: LoadRequest): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `Loading ${root} was stopped before it was done.`,
    hint: 'If it hangs, look for a top-level await in it that never ends.',
    cause: signal.reason,
  })
}

function isMissingModule(cause: unknown): boolean {
  return (cause as { code?: unknown } | undefined)?.code === 'ERR_MODULE_NOT_FOUND'
}
