import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../errors.ts'
import type { Command, RunCommand, Terminal } from './command.ts'
import { commands as allCommands } from './commands.ts'
import { runCommandLine } from './run-command-line.ts'

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

async function run(words: readonly string[], commands = allCommands, environment = {}): Promise<Ran> {
  let out = ''
  let err = ''
  const terminal: Terminal = {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    readInput: async () => '',
    environment,
    directory: '/',
  }
  const code = await runCommandLine(words, { commands, version: '1.2.3', terminal })
  return { code, out, err }
}

function only(name: string, implementation: RunCommand): readonly Command[] {
  const options = [{ name: 'json', description: 'JSON.' }]
  return [{ name, summary: 'Does.', arguments: [], options, examples: [], load: async () => implementation }]
}

describe('the command line', () => {
  it('lists every command, the exit codes and the environment', async () => {
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    for (const { name, summary } of allCommands) {
      expect(out).toContain(`  ${name} `)
      expect(out.replaceAll(/\s+/g, ' ')).toContain(summary)
    }
    expect(out).toMatch(/^ {2}4 {3}Refused/m)
    expect(out).toContain('TOOLGATE_KEY')
    expect(out.split('\n').filter((line) => line.length > 120)).toEqual([])
    expect((await run([])).out).toBe(out)
    expect((await run(['help'])).out).toBe(out)
  })

  it('describes one command wherever help is asked for', async () => {
    const { out } = await run(['keys', 'new', '--help'])
    expect(out).toContain('Usage: toolgate keys new [PATH] --name NAME --role ROLE [options]')
    expect(out).toContain('-r, --role ROLE')
    expect((await run(['help', 'keys', 'new'])).out).toBe(out)
    expect((await run(['keys', 'new', '-h', '--name', 'x'])).out).toBe(out)
    expect((await run(['keys', '--help'])).out).toContain('keys list')
  })

  it('tells its version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })

  it('answers a misspelled command with the nearest one and exit code 2', async () => {
    const { code, err } = await run(['srve'])
    expect(code).toBe(2)
    expect(err).toBe('toolgate: There is no command `srve`.\n  Did you mean `serve`?\n')
    expect((await run(['keys', 'nwe'])).err).toContain('Did you mean `keys new`?')
    expect((await run(['keys'])).err).toContain('`toolgate keys new`, `toolgate keys list`')
    expect((await run(['--stdio', 'serve'])).err).toContain('Write the command first')
    expect((await run(['help', 'nonsense-word'])).code).toBe(2)
  })

  it('tells a failure in one sentence with a hint and the exit code of its class, never with a stack', async () => {
    const failing = only('try', async () => {
      throw new ToolgateError({
        code: 'ADDRESS_IN_USE',
        message: 'Taken.',
        hint: 'Choose\nanother.',
        cause: new Error('x'),
      })
    })
    expect(await run(['try'], failing)).toEqual({ code: 5, out: '', err: 'toolgate: Taken.\n  Choose\n  another.\n' })
    const json = await run(['try', '--json'], failing)
    expect(JSON.parse(json.out)).toEqual({
      error: { code: 'ADDRESS_IN_USE', message: 'Taken.', hint: 'Choose\nanother.' },
    })
    expect(json.err).toBe('')
    const wrong = await run(['try', '--jsn', '--json'], failing)
    expect(JSON.parse(wrong.out)).toMatchObject({ error: { code: 'USAGE', hint: 'Did you mean `--json`?' } })
    expect(wrong.code).toBe(2)
  })

  it('keeps standard output for the protocol when --stdio was typed', async () => {
    const { out, err } = await run(['serve', '--stdio', '--json'])
    expect(out).toBe('')
    expect(err).toContain('--json does not go with --stdio')
  })

  it('exits with 70 on what nobody foresaw, and prints where only when asked to', async () => {
    const failing = only('try', async () => {
      throw new TypeError('x is not a function', { cause: new Error('inner') })
    })
    const { code, err } = await run(['try'], failing)
    expect(code).toBe(70)
    expect(err).toContain('x is not a function')
    expect(err).not.toContain('    at ')
    const debug = await run(['try'], failing, { TOOLGATE_DEBUG: '1' })
    expect(debug.err).toContain('    at ')
    expect(debug.err).toContain('caused by Error: inner')
  })
})
