import type { Command, Option } from '../src/cli/command.ts'
import { commands } from '../src/cli/commands.ts'
import { optionForm, usageLine } from '../src/cli/parse-command-line.ts'
import { describeCommands } from '../src/cli/print-help.ts'

/** docs/reference/cli.md, made from the table of commands that `--help` is printed from. */
export function cliReference(version: string): string {
  return `# Command line

${fenced([describeCommands(commands, version).trimEnd()])}

${commands.map(section).join('\n')}`
}

function section(command: Command): string {
  const parts = [`## ${command.name}`, command.summary, fenced([usageLine(command)])]
  if (command.details !== undefined) parts.push(command.details)
  if (command.arguments.length > 0) parts.push(table('argument', command.arguments.map(argumentRow)))
  parts.push(table('option', command.options.map(optionRow)))
  parts.push(fenced(command.examples))
  return `${parts.join('\n\n')}\n`
}

const argumentRow = ({ name, description }: Command['arguments'][number]): [string, string] => [name, description]

function optionRow(option: Option): [string, string] {
  const names = option.short === undefined ? optionForm(option) : `-${option.short}, ${optionForm(option)}`
  return [names, `${option.description}${option.isRequired === true ? ' Required.' : ''}`]
}

function table(kind: string, rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(([name, description]) => `| \`${cell(name)}\` | ${cell(description)} |`)
  return [`| ${kind} | what it does |`, '|---|---|', ...lines].join('\n')
}

const fenced = (lines: readonly string[]): string => ['```text', ...lines, '```'].join('\n')
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
