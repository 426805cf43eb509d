import { stat } from 'node:fs/promises'
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
    const entries = isFolder ? await findModuleFiles(source.path) : [source.path]
    if (entries.length === 0) throw emptyFolder(source.path)
    const read = new Set<string>()
    try {
      const modules = await loadModules({ root: source.path, entries, signal, inputs: read })
      return modules.flatMap((module) => {
        const place = shorten(module.file, source.path)
        const definitions = collectDefinitions(module, { place, isOnlyFile: !isFolder })
        return definitions.map((definition) => ({
          definition: prefixName(definition, source.prefix ?? ''),
          source: place,
        }))
      })
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

function emptyFolder(path: string): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The folder ${path} holds no TypeScript or JavaScript file.`,
    hint: 'Files that end in .test.ts or .d.ts or begin with . or _ are left out. Put a file with a defineTool() there.',
  })
}

function isUnder(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`)
}
