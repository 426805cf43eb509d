import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Subject } from './subjects/subject.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const peers = fileURLToPath(new URL('./peers', import.meta.url))

/** Installs the peers' package when it is not there; says why when that fails, and the bench goes on without them. */
export function installPeers(say: (line: string) => void): string | undefined {
  if (existsSync(join(peers, 'node_modules/.package-lock.json'))) return undefined
  say('installing the peers (npm ci in bench/peers)')
  try {
    // Some peers state a newer Node than they need; whether they run is seen by starting them.
    const args = ['ci', '--no-engine-strict', '--ignore-scripts', '--no-audit', '--no-fund']
    execFileSync('npm', args, { cwd: peers, stdio: ['ignore', 2, 2] })
    return undefined
  } catch (error) {
    return `the peers could not be installed: ${(error as Error).message.split('\n')[0]}`
  }
}

/** The version of a subject's package that is measured. */
export function readVersion({ packageName, isPeer }: Subject): string | undefined {
  if (packageName === undefined) return undefined
  const manifest = join(isPeer ? peers : root, 'node_modules', packageName, 'package.json')
  if (!existsSync(manifest)) return undefined
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
