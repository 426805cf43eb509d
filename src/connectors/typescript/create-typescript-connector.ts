import { stat } from 'node:fs/promises'
import { sep } from 'node:path'
import type { Definition } from '../../capabilities/definition.ts'
import { ToolgateError } from '../../errors.ts'
import type { Connector, Offered } from '../connector.ts'
import { shorten } from '../describe-load-failure.ts'
import { loadModules } from '../load-modules.ts'
import { prefixName } from '../prefix-name.ts'
import { collectDefinitions } from './collect-definitions.ts'
import { findModuleFiles } from './find-module-files.ts'

/** Where the definitions are. */
export interface TypescriptConnectorSource {
  readonly name: string
  /** A folder, or one file; absolute. */
  readonly path: string
  /** Put before the names of tools and prompts. */
  readonly prefix?: string
}

/**
 * Offers what the TypeScript or JavaScript files of a folder export that was made by `defineTool`, `defineResource` or
 * `definePrompt`: single ones and arrays of them. A file is read anew when it or anything of the user's that it imports
 * has changed.
 */
export function createTypescriptConnector(source: TypescriptConnectorSource): Connector {
  let inputs: ReadonlySet<string> = new Set()

  async function load(signal: AbortSignal): Promise<readonly Offered[]> {
    const isFolder = await isFolderAt(source)
    const entries = isFolder ? await findFiles(source.path) : [source.path]
    if (entries.length === 0) throw emptyFolder(source.path)
    const read = new Set<string>()
    try {
      const modules = await loadModules({ root: source.path, entries, signal, inputs: read })
      const places = new Map<Definition, string>()
      for (const module of modules) {
        const place = shorten(module.file, source.path)
        // A file that gathers what others export (index.ts) offers nothing of its own.
        for (const definition of collectDefinitions(module, { place, isOnlyFile: !isFolder })) {
          if (!places.has(definition)) places.set(definition, place)
        }
      }
      return [...places].map(([definition, place]) => ({
        definition: prefixName(definition, source.prefix ?? ''),
        source: place,
      }))
    } finally {
      // Also after a failure: what was read so far is what has to change for it to succeed.
      inputs = new Set([...inputs, ...read])
    }
  }

  return {
    name: source.name,
    connect: load,
    reload: load,
    watched: () => [source.path, ...[...inputs].filter((input) => !isUnder(input, source.path))],
    close: async () => {},
  }
}

async function isFolderAt({ name, path }: TypescriptConnectorSource): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `There is no file or folder ${path}.`,
      hint: `Correct the path of the connector "${name}", or make the folder and put a tool into it.`,
      cause,
    })
  }
}

async function findFiles(path: string): Promise<readonly string[]> {
  try {
    return await findModuleFiles(path)
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `The folder ${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'Give the user that Toolgate runs as the right to read it.',
      cause,
    })
  }
}

function emptyFolder(path: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The folder ${path} holds no TypeScript or JavaScript file.`,
    hint: 'Files that end in .test.ts or .d.ts or begin with . or _ are left out. Put a file with a defineTool() there.',
  })
}

function isUnder(path: string, root: string): boolean {
  return path === root || path.startsWith(root + sep)
}
