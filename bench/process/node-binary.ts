import { execFileSync } from 'node:child_process'

/**
 * The Node that everything measured runs on: the one npm itself was started with.
 * Inside an npm script, `node` and so `process.execPath` can be another one, when a package brings a binary of that name.
 */
export const nodeBinary: string = process.env.npm_node_execpath ?? process.execPath

/** Its version, without the `v`. */
export function readNodeVersion(): string {
  return execFileSync(nodeBinary, ['--version'], { encoding: 'utf8' }).trim().slice(1)
}
