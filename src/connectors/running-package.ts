import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** The copy of this package that is running, so that a user's `import 'toolgate'` finds the same one. */
export interface RunningPackage {
  readonly version: string
  /** Whether it runs from its TypeScript sources, as in its own tests, and not from its build. */
  readonly isSource: boolean
  /** The file behind `toolgate` or `toolgate/…`; `undefined` where the package exports nothing under that name. */
  resolve(specifier: string): string | undefined
  /** Whether a file is one of its TypeScript sources. */
  owns(path: string): boolean
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const IS_SOURCE = import.meta.url.endsWith('.ts')

const ENTRIES: Readonly<Record<string, string>> = IS_SOURCE
  ? { toolgate: 'src/index.ts', 'toolgate/testkit': 'src/testkit/index.ts' }
  : {
      toolgate: 'dist/index.js',
      'toolgate/testkit': 'dist/testkit/index.js',
      'toolgate/config.schema.json': 'dist/config.schema.json',
    }

/** Where the running package's own dependencies are found from. */
export const RUNNING_PACKAGE_ROOT: string = ROOT

/** Reads which package is running. */
export async function findRunningPackage(): Promise<RunningPackage> {
  const { version } = JSON.parse(await readFile(`${ROOT}package.json`, 'utf8')) as { version: string }
  return {
    version,
    isSource: IS_SOURCE,
    resolve: (specifier) => {
      if (specifier === 'toolgate/package.json') return `${ROOT}package.json`
      return Object.hasOwn(ENTRIES, specifier) ? `${ROOT}${ENTRIES[specifier]}` : undefined
    },
    owns: (path) => IS_SOURCE && path.startsWith(`${ROOT}src/`),
  }
}
