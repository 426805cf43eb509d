import type { Command, Option, Options } from './command.ts'
import { suggest } from './suggest.ts'
import { UsageError } from './usage-error.ts'

/** What was typed after the name of a command. */
export interface ParsedLine {
  readonly positionals: readonly string[]
  readonly options: Options
}

/** The command that a line starts with and the words after it; `undefined` when there is none. */
export function findCommand(
  words: readonly string[],
  commands: readonly Command[],
): { readonly command: Command; readonly rest: readonly string[] } | undefined {
  for (const count of [3, 2, 1]) {
    const name = words.slice(0, count).join(' ')
    const command = commands.find((candidate) => candidate.name === name)
    if (command !== undefined) return { command, rest: words.slice(count) }
  }
  return undefined
}

/**
 * Reads the words after a command: `--name value`, `--name=value`, `-n value`, switches, and `--` before words that
 * start with a dash. Throws `UsageError` that names the nearest spelling.
 */
export function parseCommandLine(command: Command, words: readonly string[]): ParsedLine {
  const given = new Map<string, string[]>()
  const positionals: string[] = []
  let index = 0
  while (index < words.length) {
    const word = words[index] as string
    index++
    if (word === '--') {
      positionals.push(...words.slice(index))
      break
    }
    if (word === '-' || !word.startsWith('-')) {
      positionals.push(word)
      continue
    }
    const { option, inline } = readOption(command, word)
    const value = inline ?? takeValue(command, option, words[index])
    if (inline === undefined && value !== undefined) index++
    remember(given, option, value)
  }
  checkCounts(command, positionals, given)
  return { positionals, options: toOptions(given) }
}

function readOption(command: Command, word: string): { option: Option; inline: string | undefined } {
  const equals = word.indexOf('=')
  const typed = equals === -1 ? word : word.slice(0, equals)
  const inline = equals === -1 ? undefined : word.slice(equals + 1)
  const option = command.options.find((candidate) =>
    typed.startsWith('--') ? `--${candidate.name}` === typed : `-${candidate.short}` === typed,
  )
  if (option === undefined) {
    const known = command.options.map((candidate) => `--${candidate.name}`)
    const help = `\`toolgate ${command.name} --help\` lists the options.`
    throw new UsageError(`\`toolgate ${command.name}\` has no option ${typed}.`, suggest(typed, known, help))
  }
  if (inline !== undefined && option.value === undefined) {
    throw new UsageError(`--${option.name} takes no value.`, `Write --${option.name} alone.`)
  }
  return { option, inline }
}

function takeValue(command: Command, option: Option, next: string | undefined): string | undefined {
  if (option.value === undefined) return undefined
  const isValue = next !== undefined && (next === '-' || !next.startsWith('-'))
  if (isValue) return next
  if (option.isValueOptional) return undefined
  throw new UsageError(
    `--${option.name} needs a value.`,
    next === undefined
      ? `Write --${option.name} ${option.value}; see \`toolgate ${command.name} --help\`.`
      : `If ${next} is the value, write --${option.name}=${next}.`,
  )
}

function remember(given: Map<string, string[]>, option: Option, value: string | undefined): void {
  const values = given.get(option.name)
  if (values !== undefined && !option.isRepeatable && option.value !== undefined) {
    throw new UsageError(`--${option.name} was given twice.`, 'Leave one of them out.')
  }
  const all = values ?? []
  if (value !== undefined) all.push(value)
  given.set(option.name, all)
}

function checkCounts(command: Command, positionals: readonly string[], given: ReadonlyMap<string, string[]>): void {
  if (given.has('help')) return
  const usage = `Usage: ${usageLine(command)}`
  const surplus = positionals[command.arguments.length]
  if (surplus !== undefined) throw new UsageError(`I do not know what to do with \`${surplus}\`.`, usage)
  const missing = command.arguments.find((argument, index) => argument.isRequired && positionals[index] === undefined)
  if (missing !== undefined)
    throw new UsageError(`${missing.name} is missing: ${lowerFirst(missing.description)}`, usage)
  const absent = command.options.find((option) => option.isRequired && !given.has(option.name))
  if (absent !== undefined)
    throw new UsageError(`--${absent.name} is missing: ${lowerFirst(absent.description)}`, usage)
}

function toOptions(given: ReadonlyMap<string, string[]>): Options {
  return {
    has: (name) => given.has(name),
    text: (name) => given.get(name)?.[0],
    all: (name) => given.get(name) ?? [],
  }
}

/** How a command is written, in one line. */
export function usageLine(command: Command): string {
  const words = command.arguments.map((argument) => (argument.isRequired ? argument.name : `[${argument.name}]`))
  const required = command.options.filter((option) => option.isRequired).map((option) => optionForm(option))
  const hasMore = command.options.some((option) => !option.isRequired)
  return ['toolgate', command.name, ...words, ...required, ...(hasMore ? ['[options]'] : [])].join(' ')
}

/** An option with the name of its value: `--fresh-key [ROLE]`. */
export function optionForm(option: Option): string {
  if (option.value === undefined) return `--${option.name}`
  return `--${option.name} ${option.isValueOptional ? `[${option.value}]` : option.value}`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
