import type { Command, Terminal } from './command.ts'
import { findCommand, parseCommandLine } from './parse-command-line.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

/** What a run needs beside the words that were typed. */
export interface RunOptions {
  readonly commands: readonly Command[]
  readonly version: string
  readonly terminal: Terminal
}

/** Runs what was typed and answers the exit code. Never throws: every failure is told in a sentence. */
export async function runCommandLine(words: readonly string[], options: RunOptions): Promise<number> {
  try {
    return await run(words, options)
  } catch (thrown) {
    const { printFailure } = await import('./print-failure.ts')
    // Over stdio, standard output belongs to the protocol.
    const asJson = words.includes('--json') && !words.includes('--stdio')
    return printFailure(thrown, { terminal: options.terminal, asJson })
  }
}

async function run(words: readonly string[], options: RunOptions): Promise<number> {
  const { commands, terminal, version } = options
  const [first] = words
  if (first === '--version' || first === '-v') {
    terminal.out(`${version}\n`)
    return 0
  }
  if (first === undefined || first === '--help' || first === '-h') return printHelp([], options)
  if (first === 'help') return printHelp(words.slice(1), options)
  const found = findCommand(words, commands)
  if (found === undefined) return answerUnknown(words, options)
  const { positionals, options: given } = parseCommandLine(found.command, found.rest)
  if (given.has('help')) return printHelp(found.command.name.split(' '), options)
  const runCommand = await found.command.load()
  return runCommand({ command: found.command, positionals, options: given, terminal, version })
}

async function printHelp(words: readonly string[], { commands, version, terminal }: RunOptions): Promise<number> {
  const { describeCommand, describeCommands, describeGroup } = await import('./print-help.ts')
  const [first] = words
  const found = findCommand(words, commands)
  if (found !== undefined) terminal.out(describeCommand(found.command))
  else if (first === undefined) terminal.out(describeCommands(commands, version))
  else if (isGroup(first, commands)) terminal.out(describeGroup(first, commands))
  else throw unknownCommand(words, commands)
  return 0
}

async function answerUnknown(words: readonly string[], options: RunOptions): Promise<number> {
  const [first = '', second] = words
  if (isGroup(first, options.commands) && (second === '--help' || second === '-h')) return printHelp([first], options)
  throw unknownCommand(words, options.commands)
}

function isGroup(word: string, commands: readonly Command[]): boolean {
  return commands.some((command) => command.name.startsWith(`${word} `))
}

function unknownCommand(words: readonly string[], commands: readonly Command[]): UsageError {
  const [first = '', second] = words
  if (first.startsWith('-')) {
    return new UsageError(
      `${first} stands where a command is expected.`,
      'Write the command first: `toolgate serve --stdio`.',
    )
  }
  const names = commands.map((command) => command.name)
  if (!isGroup(first, commands)) {
    const all = `\`toolgate --help\` lists the commands.`
    return new UsageError(`There is no command \`${first}\`.`, suggest(first, [...names, ...groups(names)], all))
  }
  const members = names.filter((name) => name.startsWith(`${first} `))
  const choices = `Choose one of: ${members.map((name) => `\`toolgate ${name}\``).join(', ')}.`
  if (second === undefined || second.startsWith('-'))
    return new UsageError(`\`toolgate ${first}\` needs one word more.`, choices)
  return new UsageError(`There is no command \`${first} ${second}\`.`, suggest(`${first} ${second}`, members, choices))
}

function groups(names: readonly string[]): string[] {
  return [...new Set(names.filter((name) => name.includes(' ')).map((name) => name.split(' ')[0] as string))]
}
