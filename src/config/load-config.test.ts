import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { ConfigError } from './config-error.ts'
import type { ConfigIssue } from './config-issue.ts'
import { explainMistakes } from './explain-mistakes.ts'
import { type LoadOptions, loadConfig } from './load-config.ts'

/** A config module needs no more of the package than this. */
vi.mock('toolgate', () => import('./define-config.ts'))

const FIXTURES = fileURLToPath(new URL('../../test/fixtures/configs', import.meta.url))
const MISTAKES = join(FIXTURES, 'mistakes')
/** `UPDATE_GOLDENS=1 npx vitest run src/config` writes the expected files anew; read the difference. */
const isUpdating = process.env.UPDATE_GOLDENS === '1'
const ROLE = 'user'
const ENV = {
  SERVER_NAME: 'stock',
  MAJOR: '3',
  EMPTY: '',
  ROOT: './deep',
  ONLY_READ: 'true',
  CI_KEY_HASH: 'ab'.repeat(32),
  ROLE,
}
const SECRETS = {
  SECRET_VERSION: 'zq-version',
  SECRET_PORT: 'zq-port',
  PUBLIC_HOST: 'zq-host.example',
  SECRET_CONNECTOR: 'zq-connector',
  SECRET_KIND: 'zq-kind',
  SECRET_ID: 'zq-id',
  SECRET_ROLE: 'zq-role',
  SECRET_LEVEL: 'zq-level',
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'toolgate-config-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function mistakesOf(path: string | undefined, options: Partial<LoadOptions> = {}): Promise<ConfigError> {
  const error: unknown = await loadConfig(path, { env: {}, cwd: folder, ...options }).catch((thrown: unknown) => thrown)
  if (error instanceof ConfigError) return error
  throw new Error('it was loaded, or failed in another way', { cause: error })
}

/** Permissions do not hold root up. */
async function asNobody(run: () => Promise<ConfigError>): Promise<string> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65534)
  try {
    return (await run()).message
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, name)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, content)
  return file
}

function inFolder(folder: string, extensions: RegExp): readonly string[] {
  return readdirSync(folder).filter((name) => extensions.test(name) && !name.includes('.expected.'))
}

function compare(file: string, actual: string): void {
  if (isUpdating) writeFileSync(file, actual)
  expect(actual).toBe(readFileSync(file, 'utf8'))
}

describe('a right configuration', () => {
  test('in TypeScript becomes the expected record', async () => {
    const importModule = (): Promise<unknown> => import('../../test/fixtures/configs/module.config.ts')
    const config = await loadConfig('module.config.ts', { env: {}, cwd: FIXTURES, importModule })
    const json = JSON.stringify(config, null, 2).replaceAll(FIXTURES, '<folder>')
    compare(join(FIXTURES, 'module.config.expected.json'), `${json}\n`)
  })

  test.each(inFolder(FIXTURES, /\.(yaml|json)$/))('%s becomes the expected record', async (name) => {
    const config = await loadConfig(name, { env: ENV, cwd: FIXTURES })
    const json = JSON.stringify(config, null, 2)
      .replaceAll(FIXTURES, '<folder>')
      .replaceAll(join(FIXTURES, '..'), '<up>')
    compare(join(FIXTURES, name.replace(/\.\w+$/, '.expected.json')), `${json}\n`)
  })

  test('is frozen to the ground', async () => {
    const config = await loadConfig('whole.yaml', { env: ENV, cwd: FIXTURES })
    const open: string[] = []
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) open.push(path)
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`)
    }
    visit(config, 'config')
    expect(open).toEqual([])
  })

  test('finds no role under a name that every object inherits', async () => {
    const { access } = await loadConfig('whole.yaml', { env: ENV, cwd: FIXTURES })
    expect(access.roles.reader?.scopes).toEqual(['stock:read'])
    expect(access.roles.constructor).toBeUndefined()
    expect(Object.getPrototypeOf(access.roles)).toBeNull()
  })

  test('is found in the folder, whichever of the names it has', async () => {
    for (const name of ['toolgate.yaml', 'toolgate.yml']) {
      const file = await write(`found-${name}/${name}`, 'connectors: []')
      expect((await loadConfig(undefined, { env: {}, cwd: join(folder, `found-${name}`) })).file).toBe(file)
      expect((await loadConfig(`found-${name}`, { env: {}, cwd: folder })).directory).toBe(
        join(folder, `found-${name}`),
      )
    }
  })

  test('is taken from the default export of a module', async () => {
    const file = await write('module/toolgate.config.ts', '')
    const imported: string[] = []
    const importModule = async (path: string): Promise<unknown> => {
      imported.push(path)
      const connectors = [{ name: 'tools', type: 'typescript', path: './tools', prefix: undefined }]
      return { default: { name: `\${NAME}`, title: undefined, connectors } }
    }
    const config = await loadConfig('module', { env: { NAME: 'from-env' }, cwd: folder, importModule })
    expect(imported).toEqual([file])
    expect(config).toMatchObject({
      name: 'from-env',
      file,
      connectors: [{ path: join(folder, 'module/tools'), prefix: '' }],
    })
    expect('title' in config).toBe(false)
  })

  test('may select from connectors that are made in code', async () => {
    await write('known.yaml', 'access: { roles: { user: { allow: [{ connector: made-in-code }] } } }')
    await expect(loadConfig('known.yaml', { env: {}, cwd: folder })).rejects.toThrow('does not exist')
    const config = await loadConfig('known.yaml', { env: {}, cwd: folder, knownConnectors: ['made-in-code'] })
    expect(config.access.roles.user?.allow).toEqual([{ connector: 'made-in-code' }])
  })

  test('does not mind a byte order mark', async () => {
    await write('bom.yaml', '\ufeffname: marked\n')
    expect((await loadConfig('bom.yaml', { env: {}, cwd: folder })).name).toBe('marked')
  })
})

describe('mistakes', () => {
  test.each(inFolder(MISTAKES, /\.yaml$/))('of %s are all told as expected', async (name) => {
    const error = await mistakesOf(name, { env: { ...ENV, ...SECRETS }, cwd: MISTAKES })
    expect(error.code).toBe('CONFIG_INVALID')
    compare(join(MISTAKES, name.replace('.yaml', '.expected.txt')), `${error.message}\n`)
  })

  test('are there one by one, too', async () => {
    const { issues, message, data } = await mistakesOf('five.yaml', { cwd: MISTAKES })
    expect(issues).toHaveLength(5)
    expect(issues).toContainEqual({
      path: 'connectors[0].type',
      file: 'five.yaml',
      line: 7,
      column: 26,
      problem: "is 'typscript'",
      expected: 'one of typescript, sdk, skills, postgres, sqlite, mysql, mssql',
      suggestion: 'typescript',
    } satisfies ConfigIssue)
    expect(data).toEqual({ issues })
    expect(message).toContain(explainMistakes(issues))
  })

  test('tell nothing of what the environment or a secret option holds', async () => {
    for (const name of inFolder(MISTAKES, /\.yaml$/)) {
      const error = await mistakesOf(name, { env: { ...ENV, ...SECRETS }, cwd: MISTAKES })
      const told = JSON.stringify([error.message, error.issues, error.hint, error.data])
      for (const secret of Object.values(SECRETS)) expect(told).not.toContain(secret)
      expect(told).not.toContain('hunter2')
    }
  })

  test('send nothing to the terminal but printable text', async () => {
    const { message } = await mistakesOf('control-characters.yaml', { cwd: MISTAKES })
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/)
  })

  test('do not pollute the objects of the process', async () => {
    await mistakesOf('inherited-names.yaml', { cwd: MISTAKES })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('a file that is no configuration', () => {
  test('is missing', async () => {
    expect((await mistakesOf('missing.yaml')).message).toContain('there is no config file at missing.yaml')
    await mkdir(join(folder, 'empty'))
    expect((await mistakesOf('empty')).message).toContain('toolgate.yaml, toolgate.yml, toolgate.config.ts')
    expect((await mistakesOf(undefined, { cwd: join(folder, 'empty') })).message).toContain('in this folder')
    expect((await mistakesOf(join('five.yaml', 'below'), { cwd: MISTAKES })).message).toContain(
      'there is no config file',
    )
  })

  test('is one of two in the folder', async () => {
    await write('two/toolgate.yaml', '')
    await write('two/toolgate.yml', '')
    expect((await mistakesOf('two')).message).toContain('there are two/toolgate.yaml and two/toolgate.yml')
  })

  test('is binary, not UTF-8, huge or of another kind', async () => {
    await write('binary.yaml', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 3))
    expect((await mistakesOf('binary.yaml')).message).toContain('is not a text; expected YAML in UTF-8')
    await write('latin.yaml', Uint8Array.of(0x6e, 0x3a, 0x20, 0xfc, 0x0a))
    expect((await mistakesOf('latin.yaml')).message).toContain('is not a text; expected YAML in UTF-8')
    await write('huge.yaml', `name: ${'a'.repeat(1_100_000)}`)
    expect((await mistakesOf('huge.yaml')).message).toContain('is too large')
    await write('other.toml', 'name = 1')
    expect((await mistakesOf('other.toml')).message).toContain('is no config file')
  })

  test('is unreadable, or in a folder that is', async () => {
    const file = await write('locked/toolgate.yaml', 'name: a')
    await chmod(folder, 0o755)
    await chmod(file, 0)
    expect(await asNobody(() => mistakesOf('locked'))).toContain('cannot be read: permission denied')
    await chmod(join(folder, 'locked'), 0)
    expect(await asNobody(() => mistakesOf('locked'))).toContain('cannot be looked at: permission denied')
    await chmod(join(folder, 'locked'), 0o755)
  })

  test('is a folder by the name of a file', async () => {
    await mkdir(join(folder, 'odd/toolgate.yaml'), { recursive: true })
    expect((await mistakesOf('odd')).message).toContain('cannot be read: it is a folder')
  })

  test('leads in a circle of links', async () => {
    await symlink('circle.yaml', join(folder, 'circle.yaml'))
    expect((await mistakesOf('circle.yaml')).message).toContain('cannot be looked at: too many symbolic links')
  })

  test('expands to more than fits in memory', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh', 'hi']) {
      bomb.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`)
    }
    await write('bomb.yaml', bomb.join('\n'))
    expect((await mistakesOf('bomb.yaml')).message).toContain('the aliases (*name) expand to too much')
    await write('wide.yaml', `a: &a [${'x, '.repeat(3000)}]\nb: [${'*a, '.repeat(90)}]`)
    expect((await mistakesOf('wide.yaml')).message).toContain('holds too many values')
    await write('many.yaml', `a: &a x\nb: [${'*a, '.repeat(5000)}]`)
    expect((await mistakesOf('many.yaml')).message).toContain('there are too many aliases')
  })

  test('is nested without end', async () => {
    await write('deep.yaml', `name: ${'['.repeat(50_000)}`)
    await write('deepish.yaml', `name: ${'['.repeat(60)}${']'.repeat(60)}`)
    expect((await mistakesOf('deep.yaml')).message).toContain('nested too deeply')
    expect((await mistakesOf('deepish.yaml')).message).toContain('is nested too deeply')
  })
})

describe('a module that is no configuration', () => {
  const load = (module: () => unknown, env: Record<string, string> = {}): Promise<ConfigError> =>
    mistakesOf('broken/toolgate.config.ts', { env, importModule: async () => module() })
  beforeAll(() => write('broken/toolgate.config.ts', ''))

  test('cannot be loaded at all', async () => {
    expect((await mistakesOf('broken')).message).toContain('modules cannot be loaded here')
    const error = await load(
      () => {
        throw new Error('cannot reach postgres://app:pw@db with zq-secret\nand more')
      },
      { API_TOKEN: 'zq-secret' },
    )
    expect(error.message).toContain('cannot be loaded: cannot reach postgres://app:<masked>@db with <masked>')
    expect(error.message).not.toContain('and more')
    expect((error.cause as Error).message).toContain('and more')
    expect(error.issues).toHaveLength(1)
    expect(error.issues[0]?.file).toBe('broken/toolgate.config.ts')
  })

  test('has no fitting default export', async () => {
    for (const module of [{}, { default: 5 }, { default: null }, { default: [] }, undefined, { config: {} }]) {
      expect((await load(() => module)).message).toContain('has no configuration as default export')
    }
  })

  test('holds what a file could not', async () => {
    const circle: Record<string, unknown> = { name: 'x' }
    circle.access = circle
    expect((await load(() => ({ default: circle }))).message).toContain('access contains itself')
    const odd = { server: new Map(), audit: new Date(0), log: { level: () => 1 }, limits: { burst: Number.NaN } }
    const { message } = await load(() => ({ default: odd }))
    expect(message).toContain('server is an instance of a class')
    expect(message).toContain('audit is an instance of a class')
    expect(message).toContain('log.level is a function; expected one of debug, info')
    expect(message).toContain('limits.burst is NaN; expected a whole number from 1')
  })
})
