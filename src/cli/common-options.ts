import type { Argument, Option } from './command.ts'

/** Prints what a command does. */
export const help: Option = { name: 'help', short: 'h', description: 'Prints this.' }

/** Prints JSON. */
export const json: Option = { name: 'json', description: 'Prints JSON on standard output, failures too.' }

/** Names the config file. */
export const config: Option = {
  name: 'config',
  value: 'FILE',
  description: 'The config file, when PATH does not name it.',
}

/** Names what a command reads. */
export const path: Argument = {
  name: 'PATH',
  description:
    'A config file, its folder, or a .ts or .js file or folder of tools without one. Default: the config file here.',
}
