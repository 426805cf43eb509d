import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Command } from './command.ts'
import { commands } from './commands.ts'
import { findCommand, parseCommandLine, usageLine } from './parse-command-line.ts'
import { UsageError } from './usage-error.ts'

const command: Command = {
  name: 'call',
  summary: 'Calls.',
  arguments: [
    { name: 'NAME', isRequired: true, description: 'Name of the tool.' },
    { name: 'PATH', description: 'A file.' },
  ],
  options: [
    { name: 'args', value: 'JSON', description: 'Arguments.' },
    { name: 'role', short: 'r', value: 'ROLE', isRepeatable: true, description: 'A role.' },
    { name: 'fresh-key', value: 'ROLE', isValueOptional: true, description: 'A key.' },
    { name: 'json', description: 'JSON.' },
    { name: 'help', short: 'h', description: 'Help.' },
  ],
  examples: [],
  load: () => Promise.reject(new Error('not loaded here')),
}

function failure(words: readonly string[]): UsageError {
  try {
    parseCommandLine(command, words)
  } catch (thrown) {
    if (thrown instanceof UsageError) return thrown
    throw thrown
  }
  throw new Error(`${words.join(' ')} was taken`)
}

describe('reading a command line', () => {
  it('takes words, options with a value after a space or =, and switches in any order', () => {
    const { positionals, options } = parseCommandLine(command, [
      '--json',
      'date',
      '--args={"a":"="}',
      'here',
      '-r',
      'x',
    ])
    expect(positionals).toEqual(['date', 'here'])
    expect(options.text('args')).toBe('{"a":"="}')
    expect(options.has('json')).toBe(true)
    expect(options.all('role')).toEqual(['x'])
    expect(options.has('fresh-key')).toBe(false)
  })

  it('takes a lone dash as a value and everything after -- as words', () => {
    const { positionals, options } = parseCommandLine(command, ['--args', '-', '--', '--odd-name'])
    expect(options.text('args')).toBe('-')
    expect(positionals).toEqual(['--odd-name'])
  })

  it('keeps every value of an option that may be repeated', () => {
    expect(parseCommandLine(command, ['x', '-r', 'a', '--role', 'b']).options.all('role')).toEqual(['a', 'b'])
  })

  it('lets an optional value be left out before another option and at the end', () => {
    for (const words of [
      ['x', '--fresh-key', '--json'],
      ['x', '--fresh-key'],
    ]) {
      const { options } = parseCommandLine(command, words)
      expect(options.has('fresh-key')).toBe(true)
      expect(options.text('fresh-key')).toBeUndefined()
    }
    expect(parseCommandLine(command, ['x', '--fresh-key', 'reader']).options.text('fresh-key')).toBe('reader')
  })

  it('says which spelling was probably meant', () => {
    const { message, hint } = failure(['x', '--jsn'])
    expect(message).toBe('`toolgate call` has no option --jsn.')
    expect(hint).toBe('Did you mean `--json`?')
    expect(failure(['x', '--zzzzzz']).hint).toBe('`toolgate call --help` lists the options.')
  })

  it('says what is missing or too much', () => {
    expect(failure([]).message).toBe('NAME is missing: name of the tool.')
    expect(failure(['x', '--args']).message).toBe('--args needs a value.')
    expect(failure(['x', '--args', '--json']).hint).toBe('If --json is the value, write --args=--json.')
    expect(failure(['x', '--json=yes']).message).toBe('--json takes no value.')
    expect(failure(['x', '--args', '1', '--args', '2']).message).toBe('--args was given twice.')
    expect(failure(['x', 'y', 'z']).message).toBe('I do not know what to do with `z`.')
    expect(failure(['x', 'y', 'z']).hint).toBe('Usage: toolgate call NAME [PATH] [options]')
  })

  it('asks for nothing when help is wanted', () => {
    expect(parseCommandLine(command, ['--help']).options.has('help')).toBe(true)
  })

  it('gives back any value that was written with =', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(parseCommandLine(command, ['x', `--args=${value}`]).options.text('args')).toBe(value)
      }),
    )
  })

  it('either reads a line or says in a UsageError what is wrong with it', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('--args', '-r', '--json', '--', '-', '--role=', '-h', 'x'))
    fc.assert(
      fc.property(fc.array(word), (words) => {
        try {
          parseCommandLine(command, words)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(UsageError)
        }
      }),
    )
  })
})

describe('the table of commands', () => {
  it('finds commands of one and of two words', () => {
    expect(findCommand(['keys', 'new', '--name', 'x'], commands)?.command.name).toBe('keys new')
    expect(findCommand(['serve', 'new'], commands)?.rest).toEqual(['new'])
    expect(findCommand(['keys'], commands)).toBeUndefined()
  })

  it('has for every command help, a sentence and distinct options', () => {
    for (const { name, summary, options, arguments: words } of commands) {
      expect(
        options.map((option) => option.name),
        name,
      ).toContain('help')
      for (const { description } of [{ description: summary }, ...options, ...words]) expect(description).toMatch(/\.$/)
      expect(new Set(options.map((option) => option.name)).size, name).toBe(options.length)
    }
  })

  it('writes required options into the usage line', () => {
    const found = findCommand(['keys', 'new'], commands)
    expect(found && usageLine(found.command)).toBe('toolgate keys new [PATH] --name NAME --role ROLE [options]')
  })

  it.each(commands.map((each) => [each.name, each] as const))(
    'has examples for %s that its own parser reads',
    (_, each) => {
      for (const example of each.examples) {
        const line = example.replace(/^(cd [^&]+&& |PORT=\d+ )/, '').replace(/ > .*$/, '')
        const words = line.split(' ').slice(1)
        const found = findCommand(words, commands)
        expect(found, example).toBeDefined()
        expect(() => found && parseCommandLine(found.command, found.rest), example).not.toThrow()
      }
    },
  )
})
