import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { generatedDocs, markdownFiles, staleDocs } from '../scripts/generate-docs.ts'
import { quotedText } from '../scripts/quote-examples.ts'
import { commands } from '../src/cli/commands.ts'
import { findCommand, parseCommandLine } from '../src/cli/parse-command-line.ts'
import { ERRORS } from '../src/error-table.ts'
import { placesOf } from './conformance/raw/check.ts'
import { CHAPTERS } from './conformance/raw/checks.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = markdownFiles(root)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** One fenced block, with the line it starts on and the file it is quoted from. */
interface Block {
  readonly where: string
  readonly language: string
  readonly text: string
  readonly quoted: string | undefined
}

const blocks: readonly Block[] = files.flatMap((file) => {
  const found = read(file).matchAll(/^(?:<!-- from: (\S+) -->\n)?```(\w*)\n([\s\S]*?)^```$/gm)
  return [...found].map(([whole, quoted, language = '', text = '']) => {
    const line = read(file).slice(0, read(file).indexOf(whole)).split('\n').length
    return { where: `${file}:${line}`, language, text, quoted }
  })
})
const written = (...languages: string[]): readonly Block[] =>
  blocks.filter(({ language, quoted }) => languages.includes(language) && quoted === undefined)

describe('the documents', () => {
  it('that are made from code are what the code says (npm run docs)', () => {
    expect(staleDocs(root)).toEqual([])
    expect([...generatedDocs(root).keys()]).toContain('docs/reference/config.md')
  })

  it('know every error, and no error that there is not', () => {
    const rows = [...read('docs/reference/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code)
    expect(rows.sort()).toEqual(Object.keys(ERRORS).sort())
  })

  it('have a row with a verdict for every check of the raw conformance suite', () => {
    const rows = [...read('docs/reference/conformance.md').matchAll(/\| `([\w-]+)` \((\w+(?:, \w+)*)\) \| (.+) \|$/gm)]
    const checks = CHAPTERS.flatMap((chapter) => chapter.checks)
    expect(rows.map(([, id, places]) => [id, places])).toEqual(
      checks.map((check) => [check.id, placesOf(check).join(', ')]),
    )
    for (const [index, [, id, , verdict]] of rows.entries())
      expect([id, verdict]).toEqual([id, checks[index]?.deviation === undefined ? 'holds' : 'deviates'])
  })

  it('know every command', () => {
    const sections = [...read('docs/reference/cli.md').matchAll(/^## (.+)$/gm)].map(([, name]) => name)
    expect(sections).toEqual(commands.map(({ name }) => name))
  })

  it.each(files)('%s has no link that leads nowhere', (file) => {
    const prose = read(file)
      .replace(/^```[\s\S]*?^```$/gm, '')
      .replace(/`[^`\n]*`/g, '')
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
    const broken = targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(file, target))
    expect(broken).toEqual([])
  })

  it.each([
    ['README.md', 120],
    ['ARCHITECTURE.md', 180],
    ['CONTRIBUTING.md', 120],
    ...readdirSync(join(root, 'docs/adr')).map((name): [string, number] => [`docs/adr/${name}`, 60]),
  ])('%s has at most %i lines', (file, most) => {
    expect(read(file).trimEnd().split('\n').length).toBeLessThanOrEqual(most)
  })

  it.each(readdirSync(join(root, 'docs/adr')))('docs/adr/%s says why, what, at what price and until when', (name) => {
    const headings = [...read(`docs/adr/${name}`).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    for (const heading of ['Context', 'Decision', 'Consequences', 'Revisit when']) expect(headings).toContain(heading)
  })
})

describe('the code in the documents', () => {
  it('is in a language that is checked here', () => {
    const known = new Set(['ts', 'js', 'yaml', 'sh', 'json', 'text', 'mermaid'])
    expect(blocks.filter(({ language }) => !known.has(language)).map(({ where }) => where)).toEqual([])
    expect(blocks.length).toBeGreaterThan(20)
  })

  it('is quoted word for word where it is quoted', () => {
    const quotes = blocks.filter(({ quoted }) => quoted !== undefined)
    expect(quotes.length).toBeGreaterThan(1)
    for (const { where, text, quoted } of quotes)
      expect(`${where}\n${text}`).toBe(`${where}\n${quotedText(quoted as string, root)}`)
  })

  it('compiles', () => {
    expect(typeMistakes(written('ts'))).toEqual([])
  })

  it('that does not compile is noticed', () => {
    const text = `import { defineTool } from 'toolgate'\nexport const x = defineTool({ name: 1, run: () => 'x' })\n`
    expect(typeMistakes([{ where: 'planted', language: 'ts', text, quoted: undefined }]).join()).toContain('TS2322')
  })

  it('is YAML where it says so', () => {
    for (const { where, text } of written('yaml', 'json')) expect(() => parse(text), where).not.toThrow()
  })

  it('is made of commands and options that there are', () => {
    const scripts = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const { where, text } of written('sh')) {
      execFileSync('bash', ['-n'], { input: text })
      for (const [, script] of text.matchAll(/\bnpm run ([\w:]+)/g))
        expect(scripts.scripts, where).toHaveProperty([script as string])
      for (const [line] of text.matchAll(/(?<=^(?:npx )?toolgate ).+$/gm))
        expect(() => readCommand(line), `${where}: ${line}`).not.toThrow()
    }
  })
})

describe('the installation', () => {
  it('brings as many packages as docs/reference/install.md says', () => {
    expect(read('docs/reference/install.md')).toContain(`brings ${installedPackages().length} packages`)
    expect(read('docs/adr/0007-optional-peer-drivers.md')).toContain(`[${installedPackages().length} packages]`)
  })

  it('names every package that it asks for', () => {
    const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> }
    const rows = [...read('docs/reference/install.md').matchAll(/^\| `([\w@/-]+)` \| [a-z]/gm)].map(([, name]) => name)
    expect(rows.filter((name) => !name?.includes('_'))).toEqual(expect.arrayContaining(Object.keys(dependencies)))
  })
})

function leadsSomewhere(file: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const absolute = path === '' ? join(root, file) : join(root, dirname(file), path)
  if (!existsSync(absolute)) return false
  return anchor === undefined || (statSync(absolute).isFile() && anchors(readFileSync(absolute, 'utf8')).has(anchor))
}

/** The anchors that GitHub makes of headings. */
function anchors(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading as string)
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}

/** What the compiler says of blocks, each a module at the root of the repository. */
function typeMistakes(samples: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile) as { config: object }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const texts = new Map(samples.map(({ text }, index) => [join(root, `block-${index}.ts`), text]))
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = (path) => texts.has(path) || fileExists.call(host, path)
  host.readFile = (path) => texts.get(path) ?? readFile.call(host, path)
  host.getSourceFile = (path, ...rest) => {
    const text = texts.get(path)
    return text === undefined ? getSourceFile.call(host, path, ...rest) : ts.createSourceFile(path, text, ...[rest[0]])
  }
  const program = ts.createProgram(
    [...texts.keys()],
    { ...options, isolatedDeclarations: false, declaration: false },
    host,
  )
  return [...texts.keys()].flatMap((path, index) => {
    const source = program.getSourceFile(path)
    const mistakes = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return mistakes.map(
      ({ code, messageText }) =>
        `${samples[index]?.where}: TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    )
  })
}

/** Throws when the line is not one of the command line's own. */
function readCommand(line: string): void {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const found = findCommand(words, commands)
  if (found === undefined) throw new Error(`There is no command ${words[0]}.`)
  parseCommandLine(found.command, found.rest)
}

/** Packages of the lockfile that an installation without development brings to Linux on x64 with glibc. */
function installedPackages(): string[] {
  interface Locked {
    readonly dev?: true
    readonly os?: readonly string[]
    readonly cpu?: readonly string[]
    readonly libc?: readonly string[]
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> }
  const fits = (allowed: readonly string[] | undefined, mine: string): boolean =>
    allowed === undefined || allowed.includes(mine)
  return Object.entries(packages)
    .filter(([path, { dev, os, cpu, libc }]) => {
      const isMine = fits(os, 'linux') && fits(cpu, 'x64') && fits(libc, 'glibc')
      return path !== '' && dev !== true && isMine
    })
    .map(([path]) => path)
}
