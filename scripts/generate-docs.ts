import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configReference } from '../src/config/reference.ts'
import { auditExportsReference } from './audit-exports-reference.ts'
import { cliReference } from './cli-reference.ts'
import { clientsReference } from './clients-reference.ts'
import { conformanceReference } from './conformance-reference.ts'
import { drawLayers } from './draw-layers.ts'
import { errorsReference } from './errors-reference.ts'
import { metricsReference } from './metrics-reference.ts'
import { quoteExamples } from './quote-examples.ts'
import { sanitizeReference } from './sanitize-reference.ts'

/** Markdown files of the repository's own, as paths below it. */
export function markdownFiles(root: string): readonly string[] {
  const top = readdirSync(root).filter((name) => name.endsWith('.md'))
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  return [...top, ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].sort()
}

/** Every document of which code is the source, as it should be now, by path. */
export function generatedDocs(root: string): ReadonlyMap<string, string> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const docs = new Map([
    ['docs/reference/errors.md', errorsReference()],
    ['docs/reference/audit-exports.md', auditExportsReference()],
    ['docs/reference/cli.md', cliReference(version)],
    ['docs/reference/config.md', configReference()],
    ['docs/reference/conformance.md', conformanceReference()],
    ['docs/reference/metrics.md', metricsReference()],
    ['docs/reference/clients.md', clientsReference(root)],
    ['docs/reference/sanitize.md', sanitizeReference()],
    ['ARCHITECTURE.md', drawLayers(readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'), root)],
  ])
  for (const path of markdownFiles(root)) {
    const text = docs.get(path) ?? readFileSync(join(root, path), 'utf8')
    const quoted = quoteExamples(text, root)
    if (quoted !== text) docs.set(path, quoted)
  }
  return docs
}

/** Paths of the documents that differ from what they should be. */
export function staleDocs(root: string): readonly string[] {
  const read = (path: string): string => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '')
  return [...generatedDocs(root)].filter(([path, text]) => read(path) !== text).map(([path]) => path)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  if (process.argv.includes('--check')) {
    const stale = staleDocs(root)
    for (const path of stale) console.error(`${path} is not what the code says. Run: npm run docs`)
    process.exitCode = stale.length === 0 ? 0 : 1
  } else {
    for (const [path, text] of generatedDocs(root)) writeFileSync(join(root, path), text)
  }
}
