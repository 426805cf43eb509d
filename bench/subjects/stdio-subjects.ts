import type { StdioSubject } from '../measure-cold-start.ts'
import { launchScript } from './script-subject.ts'
import { launchQuickstart } from './toolgate.ts'

const script = (name: string, path: string): StdioSubject => ({
  name,
  prepare: async () => launchScript(path, 'stdio', { tools: 1 }),
})

/** What is started over stdio in every run. */
export const ownStdioSubjects: readonly StdioSubject[] = [
  { name: 'toolgate', prepare: async () => launchQuickstart },
  script('sdk-v2', 'servers/sdk-v2.mjs'),
  script('sdk-v1', 'servers/sdk-v1.mjs'),
]

/** Peers that speak stdio: full runs alone. */
export const peerStdioSubjects: readonly StdioSubject[] = [
  script('fastmcp', 'peers/servers/fastmcp.mjs'),
  script('tmcp', 'peers/servers/tmcp.mjs'),
]
