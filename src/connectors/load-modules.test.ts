import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isDefinition } from '../capabilities/definition.ts'
import { isUserError, ToolgateError } from '../errors.ts'
import { makeTemporaryProject, type TemporaryProject } from '../testkit/temporary-project.ts'
import { importModule, loadModules } from './load-modules.ts'

const built = vi.hoisted(() => ({ times: 0 }))
vi.mock('esbuild', async (original) => {
  const esbuild = await original<typeof import('esbuild')>()
  return {
    ...esbuild,
    build: (options: Parameters<typeof esbuild.build>[0]) => {
      built.times += 1
      return esbuild.build(options)
    },
  }
})

const signal = new AbortController().signal
let project: TemporaryProject

beforeEach(async () => {
  built.times = 0
  project = await makeTemporaryProject({ packages: ['zod'] })
})

afterEach(() => project.remove())

async function load(file: string, files: Record<string, string> = {}): Promise<Record<string, unknown>> {
  await project.write(files)
  return { ...(await importModule(project.at(file), { signal })) }
}

async function failureOf(promise: Promise<unknown>): Promise<ToolgateError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(ToolgateError)
  return thrown as ToolgateError
}

describe('what may be written', () => {
  it('reads TypeScript with enums, types that vanish, JSON and top-level await', async () => {
    const exports = await load('a.ts', {
      'a.ts': `
        import { type Shape } from './types'
        import names from './names.json'
        enum Color { Red = 'red', Green = 'green' }
        const shape: Shape = { color: Color.Green }
        export const color = (await Promise.resolve(shape)).color
        export const first = names[0]
      `,
      'types.ts': `export interface Shape { color: string }`,
      'names.json': `["Ada"]`,
    })
    expect(exports).toEqual({ color: 'green', first: 'Ada' })
  })

  it('follows the paths of tsconfig.json', async () => {
    const exports = await load('src/a.ts', {
      'tsconfig.json': `{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }`,
      'src/a.ts': `export { answer } from '@lib/answer'`,
      'lib/answer.ts': `export const answer = 42`,
    })
    expect(exports.answer).toBe(42)
  })

  it('loads packages of both module kinds, from where the project has them', async () => {
    const exports = await load('a.mts', {
      'node_modules/old/package.json': `{ "name": "old", "main": "index.js" }`,
      'node_modules/old/index.js': `module.exports = { kind: 'commonjs', at: __filename }`,
      'node_modules/new/package.json': `{ "name": "new", "exports": { "import": "./index.mjs", "module": "./not-there.js" } }`,
      'node_modules/new/index.mjs': `export const kind = 'module'`,
      'a.mts': `
        import old from 'old'
        import { kind } from 'new'
        export const kinds = [old.kind, kind]
        export const at = old.at
      `,
    })
    expect(exports.kinds).toEqual(['commonjs', 'module'])
    expect(exports.at).toBe(project.at('node_modules/old/index.js'))
  })

  it('runs CommonJS of the user that requires what Node has', async () => {
    const exports = await load('a.ts', {
      'a.ts': `import legacy from './legacy.js'\nexport const text: string = legacy.join('a', 'b')`,
      'legacy.js': `const { posix } = require('path')\nmodule.exports = { join: posix.join }`,
    })
    expect(exports.text).toBe('a/b')
  })

  it('lets a file find what lies beside it', async () => {
    const exports = await load('deep/a.ts', {
      'deep/note.txt': 'found',
      'deep/a.ts': `
        import { readFileSync } from 'node:fs'
        import { where } from '../other'
        export const note = readFileSync(new URL('./note.txt', import.meta.url), 'utf8')
        export const places = [import.meta.filename, import.meta.dirname, where, "import.meta.url stays text"]
      `,
      'other.ts': `export const where = import.meta.filename`,
    })
    expect(exports.note).toBe('found')
    expect(exports.places).toEqual([
      project.at('deep/a.ts'),
      project.at('deep'),
      project.at('other.ts'),
      'import.meta.url stays text',
    ])
  })

  it('gives the user the running toolgate and a zod, with none installed', async () => {
    const bare = await makeTemporaryProject({
      files: {
        'a.ts': `
          import { defineTool, UserError } from 'toolgate'
          import { z } from 'zod'
          export const tool = defineTool({ name: 'a', input: z.object({ b: z.string() }), run: () => { throw new UserError('no') } })
          export const thrown = new UserError('no')
        `,
      },
    })
    const home = await mkdtemp(join(tmpdir(), 'toolgate-home-'))
    vi.stubEnv('XDG_CACHE_HOME', home)
    try {
      const exports = await importModule(bare.at('a.ts'), { signal })
      expect(isDefinition(exports.tool)).toBe(true)
      expect(isUserError(exports.thrown)).toBe(true)
      expect(await readdir(join(home, 'toolgate'))).toHaveLength(1)
    } finally {
      vi.unstubAllEnvs()
      await bare.remove()
      await rm(home, { recursive: true })
    }
  })

  it('reads a project with an odd name, also through a link', async () => {
    const folder = 'näme with 100% #odd?'
    await project.write({
      [`${folder}/package.json`]: '{}',
      [`${folder}/a.ts`]: `import { b } from './b.js'\nimport { z } from 'zod'\nexport const a = [b, typeof z.string, import.meta.url]`,
      [`${folder}/b.js`]: `export const b = 'b'`,
    })
    const url = pathToFileURL(project.at(`${folder}/a.ts`)).href
    expect((await load(`${folder}/a.ts`)).a).toEqual(['b', 'function', url])
    await symlink(project.at(folder), project.at('link'))
    expect((await load('link/a.ts')).a).toEqual(['b', 'function', url])
  })

  it('runs a helper that two files import once', async () => {
    await project.write({
      'a.ts': `export { box } from './box'`,
      'b.ts': `export { box } from './box'`,
      'box.ts': `export const box = {}`,
    })
    const [a, b] = await loadModules({ root: project.path, entries: [project.at('a.ts'), project.at('b.ts')], signal })
    expect(a?.exports.box).toBe(b?.exports.box)
  })
})

describe('the cache', () => {
  it('does not build again what did not change, not even after a checkout that only touched it', async () => {
    await load('a.ts', { 'a.ts': `export const a = 1` })
    await load('a.ts')
    await utimes(project.at('a.ts'), new Date(), new Date(Date.now() + 5_000))
    await load('a.ts')
    expect(built.times).toBe(1)
  })

  it('gives a fresh module graph when a file, or one that it imports, has changed', async () => {
    const first = await load('a.ts', { 'a.ts': `export { b } from './b'`, 'b.ts': `export const b = { value: 1 }` })
    const second = await load('a.ts', { 'b.ts': `export const b = { value: 2222 }` })
    expect([first.b, second.b]).toEqual([{ value: 1 }, { value: 2222 }])
  })

  it('builds several projects at once, and the same one twice', async () => {
    const names = ['a.ts', 'b.ts', 'c.ts', 'd.ts']
    await project.write(Object.fromEntries(names.map((name) => [name, `export const name = '${name}'`])))
    const loaded = await Promise.all([...names, ...names].map((name) => load(name)))
    expect(loaded.map(({ name }) => name)).toEqual([...names, ...names])
    expect((await load('e.ts', { 'e.ts': `export const name = 'e.ts'` })).name).toBe('e.ts')
  })

  it('keeps only the latest builds', async () => {
    for (let round = 0; round < 8; round += 1) await load('a.ts', { 'a.ts': `export const a = '${'x'.repeat(round)}'` })
    const [key = ''] = await readdir(project.at('node_modules/.cache/toolgate'))
    const kept = await readdir(project.at(`node_modules/.cache/toolgate/${key}`), { withFileTypes: true })
    expect(kept.filter((found) => found.isDirectory())).toHaveLength(5)
  })

  it('builds again when the cached build was swept away or its manifest is broken', async () => {
    await load('a.ts', { 'a.ts': `export const a = 1` })
    const cache = project.at('node_modules/.cache/toolgate')
    const [key = ''] = await readdir(cache)
    await project.write({ [`node_modules/.cache/toolgate/${key}/manifest.json`]: '{ not json' })
    expect(await load('a.ts')).toEqual({ a: 1 })
    await rm(cache, { recursive: true })
    expect(await load('a.ts')).toEqual({ a: 1 })
    expect(built.times).toBe(3)
  })

  it('does not use a node_modules that everybody can write', async () => {
    await chmod(project.at('node_modules'), 0o777)
    const home = await mkdtemp(join(tmpdir(), 'toolgate-home-'))
    vi.stubEnv('XDG_CACHE_HOME', home)
    try {
      await load('a.ts', { 'a.ts': `export const a = 1` })
      expect(await readdir(project.at('node_modules'))).toEqual(['zod'])
    } finally {
      vi.unstubAllEnvs()
      await rm(home, { recursive: true })
    }
  })

  it('refuses a cache folder of the user that others can write', async () => {
    const home = await mkdtemp(join(tmpdir(), 'toolgate-home-'))
    await mkdir(join(home, 'toolgate'))
    await chmod(join(home, 'toolgate'), 0o777)
    vi.stubEnv('XDG_CACHE_HOME', home)
    await rm(project.at('node_modules'), { recursive: true })
    try {
      const failure = await failureOf(load('a.ts', { 'a.ts': `export const a = 1` }))
      expect(failure.message).toContain('can be written by others')
      expect(failure.hint).toContain('XDG_CACHE_HOME')
    } finally {
      vi.unstubAllEnvs()
      await rm(home, { recursive: true })
    }
  })

  it('refuses a cache folder of the user that is a link to somewhere else', async () => {
    const home = await mkdtemp(join(tmpdir(), 'toolgate-home-'))
    await mkdir(join(home, 'elsewhere'))
    await symlink(join(home, 'elsewhere'), join(home, 'toolgate'))
    vi.stubEnv('XDG_CACHE_HOME', home)
    await rm(project.at('node_modules'), { recursive: true })
    try {
      expect((await failureOf(load('a.ts', { 'a.ts': `export const a = 1` }))).code).toBe('CONNECTOR_FAILED')
    } finally {
      vi.unstubAllEnvs()
      await rm(home, { recursive: true })
    }
  })
})

describe('mistakes', () => {
  it('names file, line, column and mistake of every syntax error', async () => {
    await project.write({ 'tools/a.ts': `export const a = 1\nexport const b = {`, 'tools/b.ts': `const x = ;` })
    const entries = [project.at('tools/a.ts'), project.at('tools/b.ts')]
    const failure = await failureOf(loadModules({ root: project.at('tools'), entries, signal }))
    expect(failure.code).toBe('CONNECTOR_FAILED')
    expect(failure.message).toContain('tools/a.ts:2:19: Expected identifier but found end of file')
    expect(failure.message).toContain('tools/b.ts:1:11: Unexpected ";"')
  })

  it('says which package to install when an import is missing', async () => {
    const failure = await failureOf(load('a.ts', { 'a.ts': `import x from '@acme/not-there/sub'\nexport default x` }))
    expect(failure.message).toContain('a.ts:1:15: Could not resolve "@acme/not-there/sub"')
    expect(failure.hint).toBe('Install it: npm install @acme/not-there')
  })

  it('says where a module threw while it was loaded', async () => {
    const failure = await failureOf(
      load('tools/a.ts', {
        'tools/a.ts': `import './b'\nexport const a = 1`,
        'tools/b.ts': `interface Long {\n  a: string\n}\n\nthrow new Error('no DATABASE_URL')`,
      }),
    )
    expect(failure.message).toMatch(/b\.ts:5:\d+: no DATABASE_URL$/)
    expect(failure.cause).toBeInstanceOf(Error)
  })

  it('says where an export is imported that a package does not have', async () => {
    const failure = await failureOf(load('a.ts', { 'a.ts': `\n\nimport { nope } from 'zod'\nexport const a = nope` }))
    expect(failure.message).toMatch(/^a\.ts:3: .*'nope'/)
  })

  it('says that a file is not there', async () => {
    expect((await failureOf(load('nowhere.ts'))).code).toBe('CONNECTOR_FAILED')
  })

  it('refuses a part of toolgate that does not exist', async () => {
    const failure = await failureOf(load('a.ts', { 'a.ts': `import x from 'toolgate/inside'\nexport default x` }))
    expect(failure.message).toContain('"toolgate/inside" is not something that toolgate exports')
  })

  it('loads a file that failed once its mistake has gone, also when that was elsewhere', async () => {
    const files = {
      'a.ts': `if (process.env.TOOLGATE_TEST_READY !== '1') throw new Error('not yet')\nexport const a = 1`,
    }
    await failureOf(load('a.ts', files))
    vi.stubEnv('TOOLGATE_TEST_READY', '1')
    expect(await load('a.ts')).toEqual({ a: 1 })
    vi.unstubAllEnvs()
  })

  it('stops waiting for a top-level await that never ends', async () => {
    const controller = new AbortController()
    await project.write({ 'a.ts': `globalThis.toolgateTestHangs()\nawait new Promise(() => {})\nexport {}` })
    const hangs = new Promise<void>((resolve) => {
      Object.assign(globalThis, { toolgateTestHangs: resolve })
    })
    const loading = importModule(project.at('a.ts'), { signal: controller.signal })
    await Promise.race([hangs, loading])
    controller.abort(new Error('shutting down'))
    expect((await failureOf(loading)).hint).toContain('top-level await')
  })
})
