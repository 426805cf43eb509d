import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startVitest } from 'vitest/node'
import { npmEnvironment } from '../conformance/official-tools.ts'
import { ZOO } from './clients.ts'

/** Runs the clients of other people against Toolgate, each over every transport it speaks. Options are Vitest's. */
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

process.exitCode = await main(process.argv.slice(2))

async function main(options: readonly string[]): Promise<number> {
  if (!installZoo()) return 1
  const vitest = await startVitest('test', [], {
    config: at('./vitest.config.ts'),
    watch: false,
    ...reportsOf(options),
  })
  const failed = vitest.state.getCountOfFailedTests()
  const isWhole = failed === 0 && vitest.state.getUnhandledErrors().length === 0 && vitest.state.getFiles().length > 0
  await vitest.close()
  const pairs = ZOO.flatMap(({ transports }) => transports)
  console.log(isWhole ? `zoo: ${ZOO.length} clients, ${pairs.length} clients × transports` : 'zoo: failed')
  return isWhole ? 0 : 1
}

/** Installs the clients where they are missing. Says why, and returns false, when they cannot be had. */
function installZoo(): boolean {
  if (ZOO.every((client) => existsSync(at(`./node_modules/${client.package}/package.json`)))) return true
  const npm = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: at('.'),
    env: npmEnvironment(process.env),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (npm.status !== 0) console.error('The clients are not installed. Run: npm ci --prefix test/zoo')
  return npm.status === 0
}

/** `--reporter=x` and `--outputFile.json=y`, as `.ci/run` gives them. */
function reportsOf(options: readonly string[]): { reporters?: string[]; outputFile?: { json: string } } {
  const valuesOf = (name: string): string[] =>
    options.filter((option) => option.startsWith(`${name}=`)).map((option) => option.slice(name.length + 1))
  const reporters = valuesOf('--reporter')
  const [json] = valuesOf('--outputFile.json')
  return { ...(reporters.length === 0 ? {} : { reporters }), ...(json === undefined ? {} : { outputFile: { json } }) }
}
