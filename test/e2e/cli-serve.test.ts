import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endAll, makeFolder, PROGRAM, type Running, runCli, spawnCli, startCli } from './cli-process.ts'

const folder = makeFolder()
const here = { cwd: folder.path }

beforeAll(() => {
  mkdirSync(join(folder.path, 'tools'))
  writeTool('hello', 'Hello')
  writeFileSync(
    join(folder.path, 'toolgate.yaml'),
    `name: greeter
connectors: [{ name: tools, type: typescript, path: ./tools }]
access:
  roles: { user: { allow: [{ name: '*' }] }, nobody: {} }
  local: { roles: [user] }
`,
  )
})

afterEach(endAll)
afterAll(() => folder.remove())

function writeTool(name: string, answer: string): void {
  const file = join(folder.path, 'tools', `${name}.ts`)
  writeFileSync(
    `${file}.tmp`,
    `import { defineTool } from 'toolgate'
console.log('loading ${name}')
export const ${name} = defineTool({
  name: '${name}',
  description: 'Says ${answer}.',
  run: () => {
    console.log('running ${name}')
    return '${answer}'
  },
})
`,
  )
  renameSync(`${file}.tmp`, file)
}

interface Served {
  readonly running: Running
  readonly url: string
  readonly key: string
}

async function serveFresh(command: 'serve' | 'dev', ...path: string[]): Promise<Served> {
  const running = startCli([command, ...path, '--port', '0', '--fresh-key', 'user'], here)
  const [, url = ''] = await running.printed(/listens on (http:\S+)/)
  const [, key = ''] = await running.printed(/^key: (tg_\w+)$/m)
  await running.printed(/Ctrl\+C/)
  return { running, url, key }
}

describe('toolgate serve', () => {
  it('prints a key and a line for a second terminal that works as printed, and ends with 0 on SIGTERM', async () => {
    const { running, key } = await serveFresh('serve')
    const [, line = ''] = /^ {2}npx toolgate (call .*)$/m.exec(running.out) ?? []
    expect(line).toContain('call hello ')
    const called = await runCli(line.split(' '), here)
    expect(called).toEqual({ code: 0, out: 'Hello\n', err: '' })
    const fromEnvironment = line.replace(/ --key .*/, '').split(' ')
    expect((await runCli(fromEnvironment, { ...here, env: { TOOLGATE_KEY: key } })).code).toBe(0)
    const refused = await runCli(fromEnvironment, here)
    expect(refused.code).toBe(4)
    expect(refused.err).toContain('--key')
    running.child.kill('SIGTERM')
    expect((await running.ended()).code).toBe(0)
  })

  it('lets in a key that was made while it runs, with the rights of its role', async () => {
    const { url } = await serveFresh('serve')
    const made = await runCli(['keys', 'new', '--name', 'x', '--role', 'nobody', '--json'], here)
    const { key } = JSON.parse(made.out)
    const called = await runCli(['call', 'hello', '--url', url, '--key', key, '--json'], here)
    expect(JSON.parse(called.out)).toMatchObject({ error: { code: 'CAPABILITY_NOT_FOUND' } })
    expect(called.code).toBe(1)
  })

  it('goes on when a tool leaves a failing promise behind, and ends with 70 on an exception out of nowhere', async () => {
    const tools = makeFolder()
    const define = (name: string, run: string): string =>
      `export const ${name} = defineTool({ name: '${name}', description: 'Does.', run: () => { ${run}; return 'done' } })\n`
    const text =
      define('stray', "Promise.reject(new Error('stray'))") +
      define('fatal', "setImmediate(() => { throw new Error('fatal') })")
    writeFileSync(join(tools.path, 'tools.ts'), `import { defineTool } from 'toolgate'\n${text}`)
    const { running, url, key } = await serveFresh('serve', tools.path)
    const call = (name: string): Promise<{ code: number | null }> =>
      runCli(['call', name, '--url', url, '--key', key], here)
    expect((await call('stray')).code).toBe(0)
    await running.printed(/serving goes on\.\n\s+Error: stray/, 'err')
    await call('fatal')
    expect((await running.ended()).code).toBe(70)
    tools.remove()
  })

  it('waits for open calls on the first signal and for nothing on the second', async () => {
    const tools = makeFolder()
    writeFileSync(
      join(tools.path, 'hang.ts'),
      `import { defineTool } from 'toolgate'
export const hang = defineTool({ name: 'hang', description: 'Hangs.', run: () => { console.log('hanging'); return new Promise(() => {}) } })
`,
    )
    const { running, url, key } = await serveFresh('serve', tools.path)
    const called = runCli(['call', 'hang', '--url', url, '--key', key], here)
    await running.printed(/hanging/, 'err')
    running.child.kill('SIGTERM')
    await running.printed(/once more ends at once/, 'err')
    running.child.kill('SIGTERM')
    expect((await running.ended()).code).toBe(143)
    expect((await called).code).toBe(5)
    tools.remove()
  })

  it('takes a changed config file over, at once on SIGHUP, and refuses a bad one without an interruption', async () => {
    const { running, url, key } = await serveFresh('serve')
    const call = async (name: string): Promise<number | null> =>
      (await runCli(['call', name, '--url', url, '--key', key], here)).code
    const file = join(folder.path, 'toolgate.yaml')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, `${whole}\nnonsense: 1\n`)
    running.child.kill('SIGHUP')
    await running.printed(
      /"level":"error".*was not taken over.*nonsense|"level":"error".*nonsense.*was not taken over/,
      'err',
    )
    expect(await call('hello')).toBe(0)
    writeFileSync(file, whole.replace('connectors: [{', 'connectors: [{ prefix: my_,'))
    running.child.kill('SIGHUP')
    await running.printed(/"added":\["my_[\s\S]*The configuration was taken over/, 'err')
    expect(await call('my_hello')).toBe(0)
    writeFileSync(file, whole)
    await running.printed(/"added":\["(bye|hello)[\s\S]*The configuration was taken over/, 'err')
    expect(await call('hello')).toBe(0)
    running.child.kill('SIGTERM')
    expect((await running.ended()).code).toBe(0)
  })

  it('prints snippets that start the same server over stdio', async () => {
    const { running } = await serveFresh('serve')
    const [, json = ''] = /Claude Desktop[^\n]*\n( {2}\{\n[\s\S]*?\n {2}\}\n)/.exec(running.out) ?? []
    const { command, args } = JSON.parse(json).mcpServers.greeter
    expect([command, ...args]).toEqual([
      process.execPath,
      ...PROGRAM,
      'serve',
      '--stdio',
      '--config',
      join(folder.path, 'toolgate.yaml'),
    ])
  })

  it('says in one line that the port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const { code, out, err } = await spawnCli(['serve', '--fresh-key', 'user'], {
      ...here,
      env: { PORT: String(port) },
    })
    other.close()
    expect(code).toBe(5)
    expect(out).toBe('')
    expect(err).toMatch(new RegExp(`^toolgate: [^\\n]*${port}[^\\n]*\\n {2}[^\\n]*--port[^\\n]*$`, 'm'))
  })

  it('does not start over HTTP when nobody could be let in, and says what to write', async () => {
    const bare = makeFolder()
    writeFileSync(join(bare.path, 'toolgate.yaml'), 'access: { roles: { user: { allow: [{ name: "*" }] } } }\n')
    const { code, err } = await spawnCli(['serve', '--port', '0'], { cwd: bare.path })
    bare.remove()
    expect(code).toBe(3)
    expect(err).toContain('To try it: `toolgate serve --fresh-key`.')
    expect(err).toContain('For good: `toolgate keys new --name NAME --role user`.')
  })

  it('refuses a fresh key for an unknown role and wants to know which of several', async () => {
    const unknown = await runCli(['serve', '--fresh-key', 'admin'], here)
    expect(unknown.err).toContain('There is no role `admin`.')
    const unsaid = await runCli(['serve', '--fresh-key'], here)
    expect(unsaid.err).toContain('user, nobody')
    expect([unknown.code, unsaid.code]).toEqual([2, 2])
  })

  it('tells as JSON where it listens', async () => {
    const running = startCli(['serve', './tools', '--port', '0', '--fresh-key', '--json'], here)
    await running.printed(/\n/)
    expect(JSON.parse(running.out)).toEqual({
      event: 'listening',
      name: 'tools',
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/),
      key: expect.stringMatching(/^tg_/),
      role: 'user',
    })
  })
})

describe('toolgate serve --stdio', () => {
  const initialize = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1.0.0' } },
  }
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'hello', arguments: {} } }

  it('prints nothing but messages, whatever a tool logs, and ends with 0 when the input ends', async () => {
    const running = startCli(['serve', '--stdio'], here)
    running.child.stdin.write(`${JSON.stringify(initialize)}\n`)
    await running.printed(/\n/)
    running.child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\nthis is no message\n')
    running.child.stdin.write(`${JSON.stringify(call)}\n`)
    await running.printed(/"id":2.*\n/)
    running.child.stdin.end()
    const { code, out, err } = await running.ended()
    const messages = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(messages.every((message) => message.jsonrpc === '2.0')).toBe(true)
    expect(messages.find((message) => message.id === 2).result.content).toEqual([{ type: 'text', text: 'Hello' }])
    expect(err).toContain('loading hello')
    expect(err).toContain('running hello')
    expect(code).toBe(0)
  })

  it('ends with 0 on SIGTERM', async () => {
    const running = startCli(['serve', '--stdio'], here)
    running.child.stdin.write(`${JSON.stringify(initialize)}\n`)
    await running.printed(/\n/)
    running.child.kill('SIGTERM')
    expect((await running.ended()).code).toBe(0)
  })

  it('tells mistakes on standard error alone', async () => {
    const { code, out, err } = await spawnCli(['serve', '--stdio', 'absent.yaml'], here)
    expect({ code, out }).toEqual({ code: 3, out: '' })
    expect(err).toContain('There is nothing at')
  })
})

describe('toolgate dev', () => {
  it('takes over changes, survives a broken edit and prints one line per call', async () => {
    const { running, url, key } = await serveFresh('dev')
    const call = async (name: string): Promise<string> =>
      (await runCli(['call', name, '--url', url, '--key', key], here)).out.trim()
    expect(await call('hello')).toBe('Hello')
    await running.printed(/^\d\d:\d\d:\d\d {2}hello +fresh +ok +\d+ ms$/m)

    writeTool('hello', 'Good evening')
    await running.printed(/reloaded in \d+ ms: the same names are offered/)
    expect(await call('hello')).toBe('Good evening')

    const file = join(folder.path, 'tools', 'hello.ts')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole.replace('defineTool({', 'defineTool({{'))
    await running.printed(/hello\.ts[\s\S]*The last good state goes on serving\./)
    expect(await call('hello')).toBe('Good evening')

    writeFileSync(
      file,
      whole.replace('Good evening', 'Good night').replace("return 'Good evening'", "return 'Good night'"),
    )
    writeTool('bye', 'Bye')
    await running.printed(/reloaded in \d+ ms: \+ bye/)
    expect(await call('bye')).toBe('Bye')
    expect(await call('hello')).toBe('Good night')
  })

  it('takes over a changed config file on the same address and keeps the key', async () => {
    const { running, url, key } = await serveFresh('dev')
    const file = join(folder.path, 'toolgate.yaml')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, whole.replace('connectors: [{', 'connectors: [{ prefix: my_,'))
    await running.printed(/reloaded in \d+ ms: .*\+ my_hello/)
    expect((await runCli(['call', 'my_hello', '--url', url, '--key', key], here)).code).toBe(0)
    writeFileSync(file, `${whole}\nnonsense: 1\n`)
    await running.printed(/nonsense[\s\S]*The last good state goes on serving\./)
    expect((await runCli(['call', 'my_hello', '--url', url, '--key', key], here)).code).toBe(0)
    writeFileSync(file, whole)
  })
})
