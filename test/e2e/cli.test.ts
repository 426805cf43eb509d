import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesOfTrail, readTrail } from '../fixtures/audit.ts'
import { endAll, makeFolder, runCli, spawnCli } from './cli-process.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const folder = makeFolder()
const server = join(folder.path, 'my-server')
const here = { cwd: server }

beforeAll(async () => {
  const { code, out, err } = await spawnCli(['init', 'my-server'], { cwd: folder.path })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('cd my-server')
})

afterAll(async () => {
  await endAll()
  folder.remove()
})

describe('toolgate init', () => {
  it('writes a server that passes check at once', async () => {
    const { code, out, err } = await spawnCli(['check'], here)
    expect(err).toBe('')
    expect(out).toContain('is in order')
    expect(out).toContain('1 tool')
    expect(code).toBe(0)
  })

  it('overwrites nothing', async () => {
    writeFileSync(join(server, 'README.md'), 'mine')
    const { code, err } = await runCli(['init'], here)
    expect(code).toBe(5)
    expect(err).toContain('already has toolgate.yaml')
    expect(readFileSync(join(server, 'README.md'), 'utf8')).toBe('mine')
  })

  it('writes a test that passes once toolgate and tsx are installed', () => {
    const copy = join(folder.path, 'installed')
    cpSync(server, copy, { recursive: true, filter: (path) => !path.includes('.toolgate') })
    mkdirSync(join(copy, 'node_modules'))
    symlinkSync(join(repository, 'node_modules', 'zod'), join(copy, 'node_modules', 'zod'))
    const words = ['--import', import.meta.resolve('tsx'), '--test', 'test/get-current-date.test.ts']
    const env = { PATH: process.env.PATH, TSX_TSCONFIG_PATH: join(repository, 'tsconfig.json') }
    const out = execFileSync(process.execPath, words, { cwd: copy, env, encoding: 'utf8' })
    expect(out).toMatch(/^# pass [1-9]/m)
    expect(out).toMatch(/^# fail 0/m)
  })
})

describe('toolgate list and toolgate call', () => {
  it('print data on standard output and nothing else there, whatever a tool logs', async () => {
    const tools = join(folder.path, 'noisy')
    mkdirSync(tools)
    writeFileSync(
      join(tools, 'noisy.ts'),
      `import { defineTool } from 'toolgate'
console.log('loading')
setInterval(() => {}, 1000)
export const noisy = defineTool({ name: 'noisy', description: 'Logs.', run: () => { console.log('running'); return 'done' } })
`,
    )
    const { code, out, err } = await spawnCli(['call', 'noisy', tools], here)
    expect({ code, out, err }).toEqual({ code: 0, out: 'done\n', err: 'loading\nrunning\n' })
  })

  it('list what a role is offered', async () => {
    const { code, out } = await runCli(['list', '--as', 'user', '--json'], here)
    expect(code).toBe(0)
    expect(JSON.parse(out).tools).toMatchObject([{ name: 'get_current_date' }])
    expect((await runCli(['list'], here)).out).toMatch(/^Tools\n {2}get_current_date {2}\S/)
  })

  it('call a tool through the guards, with arguments from the line, a file or standard input', async () => {
    const args = '{"timezone":"Asia/Kathmandu"}'
    writeFileSync(join(server, 'args.json'), args)
    for (const [words, input] of [
      [['--args', args], ''],
      [['--args', '@args.json'], ''],
      [['--args', '-'], args],
    ] as const) {
      const { code, out, err } = await runCli(['call', 'get_current_date', ...words], { ...here, input })
      expect(err).toBe('')
      expect(out).toContain('+05:45')
      expect(code).toBe(0)
    }
    const calls = readTrail(join(server, '.toolgate', 'audit')).filter(({ event }) => event === 'call.completed')
    expect(calls).toHaveLength(3)
  })

  it('verify the audit trail, here and anywhere, and say what is wrong with it', async () => {
    const audit = join(server, '.toolgate', 'audit')
    const sound = await runCli(['audit', 'verify'], here)
    expect(sound).toMatchObject({ code: 0, err: '', out: expect.stringContaining('The trail holds') })
    const key = (await runCli(['audit', 'key'], here)).out.trim()
    const copy = join(makeFolder().path, 'copy')
    cpSync(audit, copy, { recursive: true })
    expect((await runCli(['audit', 'verify', copy, '--key', key], here)).code).toBe(0)
    const [file = ''] = filesOfTrail(copy)
    writeFileSync(file, readFileSync(file, 'utf8').replace('"status":"ok"', '"status":"no"'))
    const changed = await runCli(['audit', 'verify', copy, '--key', key], here)
    expect(changed.code).toBe(1)
    expect(changed.out).toMatch(/BAD edited, record \d+ \(line \d+ of 000000000000\.jsonl\)/)
    const other = await runCli(['audit', 'verify', copy, '--key', 'x+00000000+AAAA'], here)
    expect(other).toMatchObject({ code: 5, out: '' })
  })

  it('print a result with isError and end with exit code 1', async () => {
    const wrong = await runCli(['call', 'get_current_date', '--args', '{"timezone":5}'], here)
    expect(wrong.code).toBe(1)
    expect(wrong.out).toBe('')
    expect(wrong.err).toContain('timezone')
    const refused = await runCli(['call', 'get_current_date', '--args', '{"timezone":"Mars"}', '--json'], here)
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.out)).toMatchObject({ isError: true })
  })

  it.each([
    [['call', 'get_currentdate'], 1, /get_currentdate[\s\S]*Did you mean `get_current_date`/],
    [['call', 'get_current_date', '--args', '{timezone}'], 2, /--args is not JSON/],
    [['call', 'get_current_date', '--args', '[]'], 2, /not an object/],
    [['call', 'get_current_date', '--args', '@absent.json'], 2, /absent\.json cannot be read \(ENOENT\)/],
    [['call', 'get_current_date', '--as', 'usr'], 2, /no role `usr`[\s\S]*user/],
    [['call', 'get_current_date', '--url', 'localhost:1'], 2, /not the URL of a server/],
    [['call', 'get_current_date', '--url', 'http://127.0.0.1:1/mcp'], 5, /http:\/\/127\.0\.0\.1:1\/mcp/],
    [['list', './absent'], 3, /There is nothing at/],
    [['list', './test/none'], 3, /There is nothing at/],
    [['list', 'README.md'], 3, /README\.md is neither/],
    [['serve', '--port', 'http'], 2, /--port is http, which is not a port/],
  ] as const)('answer %j with exit code %i and a sentence', async (words, code, message) => {
    const ended = await runCli(words, here)
    expect(ended.err).toMatch(message)
    expect(ended.err).toMatch(/^toolgate: /)
    expect(ended.err).not.toMatch(/^\s+at /m)
    expect(ended.out).toBe('')
    expect(ended.code).toBe(code)
  })

  it('show whoever runs it what a tool threw, and the caller only a reference', async () => {
    const tools = join(folder.path, 'throwing')
    mkdirSync(tools)
    writeFileSync(
      join(tools, 'fail.ts'),
      `import { defineTool } from 'toolgate'
export const fail = defineTool({ name: 'fail', description: 'Fails.', run: () => { throw new Error('password=hunter2') } })
`,
    )
    const { code, out, err } = await runCli(['call', 'fail', tools, '--json'], here)
    expect(code).toBe(1)
    expect(out).not.toContain('hunter2')
    expect(err).toContain('Error: password=hunter2')
  })
})

describe('toolgate keys', () => {
  it('makes a key, prints it once, stores only its hash and lists it', async () => {
    const made = await runCli(['keys', 'new', '--name', 'ci', '--role', 'user', '--tenant', 'acme'], here)
    expect(made.code).toBe(0)
    const key = /^key: (tg_\w{12}_\w{49})$/m.exec(made.out)?.[1] as string
    expect(key).toBeDefined()
    const files = readdirSync(join(server, '.toolgate'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((each) => each.isFile())) {
      expect(readFileSync(join(file.parentPath, file.name)).includes(key.slice(16))).toBe(false)
    }
    const { keys } = JSON.parse((await runCli(['keys', 'list', '--json'], here)).out)
    expect(keys).toMatchObject([{ id: key.slice(3, 15), name: 'ci', roles: ['user'], tenant: 'acme' }])
    expect(JSON.stringify(keys)).not.toContain('hash')
  })

  it('makes a key that expires, says when, and refuses a time that has passed', async () => {
    const make = (when: string) => runCli(['keys', 'new', '-n', 'short', '-r', 'user', '--expires', when], here)
    const passed = await make('2020-01-01T00:00:00Z')
    expect([passed.code, passed.err]).toEqual([2, expect.stringContaining('has passed')])
    const made = await make('2099-01-31T02:00:00+02:00')
    expect(made.err).toContain('It is valid until 2099-01-31T00:00:00.000Z.')
    const { keys } = JSON.parse((await runCli(['keys', 'list', '--json'], here)).out)
    expect(keys.find(({ name }: { name: string }) => name === 'short').expiresAt).toBe('2099-01-31T00:00:00.000Z')
    expect((await runCli(['keys', 'list'], here)).out).toContain('2099-01-31T00:00:00.000Z')
  })

  it('refuses an unknown role and names the known ones', async () => {
    const { code, err } = await runCli(['keys', 'new', '--name', 'x', '--role', 'admin'], here)
    expect(code).toBe(2)
    expect(err).toContain('There is no role `admin`.')
    expect(err).toContain('user')
  })
})

describe('toolgate check and toolgate config', () => {
  it('report every mistake at once', async () => {
    const file = join(folder.path, 'wrong.yaml')
    writeFileSync(file, 'nmae: x\nserver: { port: no }\nconnectors: [{ name: a, type: typscript, path: . }]\n')
    const { code, out, err } = await runCli(['check', file], here)
    expect(code).toBe(3)
    expect(out).toBe('')
    for (const part of ['nmae', 'name', 'server.port', 'connectors[0].type', 'typescript']) expect(err).toContain(part)
    const json = await runCli(['check', file, '--json'], here)
    expect(JSON.parse(json.out).error.code).toBe('CONFIG_INVALID')
  })

  it('warn of what no role can reach', async () => {
    const file = join(server, 'narrow.yaml')
    writeFileSync(
      file,
      'connectors: [{ name: tools, type: typescript, path: ./tools }]\naccess: { roles: { nobody: { allow: [{ name: other }] } } }\n',
    )
    const { out } = await runCli(['check', file, '--json'], here)
    expect(JSON.parse(out)).toMatchObject({
      roles: { nobody: 0 },
      unreachable: [{ name: 'get_current_date', scopes: [] }],
    })
  })

  it('print the effective record with secrets masked, and the schema', async () => {
    const file = join(server, 'secret.yaml')
    const variable = ['$', '{CRM_PASSWORD}'].join('')
    writeFileSync(file, `instructions: "Sign in with ${variable}"\n`)
    const { out } = await runCli(['config', 'print', file], { ...here, env: { CRM_PASSWORD: 'hunter2' } })
    expect(out).toContain('port: 3000')
    expect(out).not.toContain('hunter2')
    const schema = JSON.parse((await runCli(['config', 'schema'], here)).out)
    expect(schema.properties).toHaveProperty('connectors')
  })
})
