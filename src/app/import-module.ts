import { importModule as importBundled } from '../connectors/load-modules.ts'

/** Milliseconds that a module may take to load. */
const LOAD_MS = 60_000

/** Loads a config file written in TypeScript or JavaScript, without a build step. Rejects with `CONNECTOR_FAILED`. */
export function importModule(file: string): Promise<unknown> {
  return importBundled(file, { signal: AbortSignal.timeout(LOAD_MS) })
}
