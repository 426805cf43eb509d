/** A word that follows the command, without dashes. */
export interface Argument {
  /** As in usage lines: `PATH`. */
  readonly name: string
  readonly description: string
  readonly isRequired?: true
}

/** A word with dashes. */
export interface Option {
  /** Long name without dashes: `fresh-key`. */
  readonly name: string
  /** One letter, without the dash. */
  readonly short?: string
  readonly description: string
  /** Name of the value in usage lines, `FILE`. An option without one is a switch. */
  readonly value?: string
  /** The value may be left out. */
  readonly isValueOptional?: true
  readonly isRequired?: true
  /** May be given several times. */
  readonly isRepeatable?: true
}

/** A command as the user types it; the table of them is the source of `--help` and of docs/reference/cli.md. */
export interface Command {
  /** One or two words: `serve`, `keys new`. */
  readonly name: string
  /** One sentence. */
  readonly summary: string
  /** What else a user should know before using it. */
  readonly details?: string
  readonly arguments: readonly Argument[]
  readonly options: readonly Option[]
  /** Lines that can be pasted. */
  readonly examples: readonly string[]
  /** Loads the implementation; nothing of it is read before. */
  load(): Promise<RunCommand>
}

/** Does the work of a command and answers the exit code. Throws `UsageError` or `ToolgateError`. */
export type RunCommand = (invocation: Invocation) => Promise<number>

/** A command with what was typed after it. */
export interface Invocation {
  readonly command: Command
  readonly positionals: readonly string[]
  readonly options: Options
  readonly terminal: Terminal
  /** Version of Toolgate. */
  readonly version: string
}

/** What was given for each option, by long name. */
export interface Options {
  has(name: string): boolean
  /** The value; `undefined` when the option or its value was left out. */
  text(name: string): string | undefined
  /** All values of an option that may be given several times. */
  all(name: string): readonly string[]
}

/** Everything a command touches of its process, so that tests can stand in for it. */
export interface Terminal {
  /** What was asked for: data. */
  out(text: string): void
  /** Everything else that a person should read. */
  err(text: string): void
  /** All of standard input. */
  readInput(): Promise<string>
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
}
