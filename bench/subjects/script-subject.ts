import { fileURLToPath } from 'node:url'
import type { Form } from '../load/mcp-request.ts'
import type { Launch, Subject } from './subject.ts'

const bench = fileURLToPath(new URL('..', import.meta.url))

/** What a server script is started as: `node <script> <mode> <tools> <port>`. */
export type Mode = 'http' | 'session' | 'stdio'

/** Nothing that is measured may report to its makers while it is. */
export const silence: Readonly<Record<string, string>> = {
  DO_NOT_TRACK: '1',
  MCP_USE_ANONYMIZED_TELEMETRY: 'false',
  XMCP_TELEMETRY_DISABLED: '1',
  NODE_ENV: 'production',
}

/** How one of the scripts in `servers/` or `peers/servers/` is started. */
export function launchScript(script: string, mode: Mode, options: { tools: number; port?: number }): Launch {
  const args = [`${bench}${script}`, mode, String(options.tools), String(options.port ?? 0)]
  return { args, directory: bench, env: silence }
}

/** A subject that one of those scripts serves. */
export function createScriptSubject(options: {
  readonly name: string
  readonly packageName?: string
  readonly script: string
  readonly form: Form
  readonly servedBy: string
  /** The legacy revision it is asked in; 2025-11-25 unless it stops earlier. */
  readonly legacyVersion?: string
}): Subject {
  const { name, packageName, script, form, servedBy, legacyVersion = '2025-11-25' } = options
  return {
    name,
    ...(packageName === undefined ? {} : { packageName }),
    isPeer: script.startsWith('peers/'),
    form,
    servedBy,
    prepare: async ({ tools, port }) => ({
      launch: launchScript(script, form === 'session' ? 'session' : 'http', { tools, port }),
      target: { port, path: '/mcp', form, legacyVersion, headers: {} },
    }),
  }
}
