import type { Command, Option } from './command.ts'
import { EXIT_CODES, EXIT_MEANINGS, type ExitClass } from './exit-codes.ts'
import { optionForm, usageLine } from './parse-command-line.ts'

const WIDTH = 100

/** The text of `toolgate --help`. */
export function describeCommands(commands: readonly Command[], version: string): string {
  const classes = Object.keys(EXIT_CODES) as ExitClass[]
  return lines(
    `toolgate ${version}: puts your own systems in front of AI clients as one guarded MCP server.`,
    '',
    'Usage: toolgate COMMAND [options]',
    '',
    'Commands',
    ...table(commands.map((command) => [command.name, command.summary])),
    '',
    'Options',
    ...table([
      ['-h, --help', 'What a command does and its options: `toolgate COMMAND --help`.'],
      ['-v, --version', 'The version of Toolgate.'],
    ]),
    '',
    'Exit codes',
    ...table(classes.map((name) => [String(EXIT_CODES[name]), EXIT_MEANINGS[name]])),
    '',
    'Environment',
    ...table([
      ['PORT', 'The port of `serve` and `dev`; --port wins over it.'],
      ['TOOLGATE_KEY', 'The key that `call --url` sends and whose holder `serve --stdio` serves; --key and --as win.'],
      [
        'TOOLGATE_PEPPER',
        'Base64 of 32 bytes or more under which keys are hashed, instead of a file in storage.directory.',
      ],
      ['TOOLGATE_DEBUG', '1 prints the stack of a failure and its causes.'],
    ]),
    '',
    'New here? `toolgate init my-server` writes a server that runs at once.',
  )
}

/** The text of `toolgate keys --help`: the commands that start with one word. */
export function describeGroup(group: string, commands: readonly Command[]): string {
  const members = commands.filter((command) => command.name.startsWith(`${group} `))
  return lines(
    `Usage: toolgate ${group} COMMAND [options]`,
    '',
    'Commands',
    ...table(members.map((command) => [command.name, command.summary])),
  )
}

/** The text of `toolgate COMMAND --help`. */
export function describeCommand(command: Command): string {
  return lines(
    command.summary,
    '',
    `Usage: ${usageLine(command)}`,
    ...(command.details === undefined ? [] : ['', ...wrap(command.details, WIDTH)]),
    ...section(
      'Arguments',
      command.arguments.map((argument) => [argument.name, argument.description]),
    ),
    ...section(
      'Options',
      command.options.map((option) => [optionNames(option), option.description]),
    ),
    ...section(
      'Examples',
      command.examples.map((example) => [example]),
    ),
  )
}

function section(title: string, rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : ['', title, ...table(rows)]
}

function optionNames(option: Option): string {
  return option.short === undefined ? optionForm(option) : `-${option.short}, ${optionForm(option)}`
}

/** Rows in aligned columns, indented by two; the last column is wrapped. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => (column < row.length - 1 ? (row[column] ?? '').length : 0))),
  )
  return rows.flatMap((row) => {
    const lead = row.slice(0, -1).map((cell, column) => `${cell.padEnd(widths[column] ?? 0)}  `)
    const indent = `  ${lead.join('')}`
    const [first = '', ...more] = wrap(row.at(-1) ?? '', Math.max(40, WIDTH - indent.length))
    return [`${indent}${first}`.trimEnd(), ...more.map((line) => `${' '.repeat(indent.length)}${line}`)]
  })
}

function wrap(text: string, width: number): string[] {
  const result: string[] = []
  for (const paragraph of text.split('\n')) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && line.length + word.length + 1 > width) {
        result.push(line)
        line = word
      } else line = line === '' ? word : `${line} ${word}`
    }
    result.push(line)
  }
  return result
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`
}
