import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp, loadConfig } from 'toolgate'

/** What a test may want to be different. */
export interface ConformanceOptions {
  /** Items a page of a list. */
  readonly pageSize?: number
  /** Takes log lines instead of stderr. */
  readonly writeLog?: (line: string) => void
}

const CONFIG = fileURLToPath(new URL('./toolgate.yaml', import.meta.url))

/** The conformance server, not yet listening. Its storage and audit trail last as long as the process. */
export async function createConformanceApp({ pageSize, writeLog }: ConformanceOptions = {}): Promise<App> {
  const written = await loadConfig(CONFIG, { env: {}, cwd: process.cwd() })
  const directory = mkdtempSync(join(tmpdir(), 'toolgate-conformance-'))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const config = {
    ...written,
    server: { ...written.server, ...(pageSize === undefined ? {} : { pageSize }) },
    storage: { ...written.storage, directory },
    audit: {
      ...written.audit,
      directory: join(directory, 'audit'),
      checkpoints: join(directory, 'audit.checkpoints'),
    },
  }
  return createApp(config, writeLog === undefined ? {} : { writeLog })
}
