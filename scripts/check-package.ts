import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Packs what would be published and has publint and attw look at it. Needs a fresh `npm run build`. */
const root = fileURLToPath(new URL('..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'toolgate-pack-'))
const bin = (name: string): string => join(root, 'node_modules/.bin', name)

try {
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const tarball = join(folder, filename)
  execFileSync(bin('publint'), ['run', tarball, '--strict'], { stdio: 'inherit' })
  execFileSync(bin('attw'), [tarball, '--profile', 'esm-only', '--format', 'table-flipped'], { stdio: 'inherit' })
} catch (failure) {
  process.exitCode = typeof failure === 'object' && failure !== null && 'status' in failure ? 1 : 2
  if (process.exitCode === 2) console.error(failure)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
