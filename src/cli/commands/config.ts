import { configJsonSchema } from '../../config/json-schema.ts'
import { maskConfig } from '../../config/mask-config.ts'
import { printConfig } from '../../config/print-config.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { openTarget } from '../open-target.ts'

/** Prints the effective record, secrets masked: as YAML that can be loaded again, or as JSON. */
export const print: RunCommand = async (invocation) => {
  const { options, terminal } = invocation
  const config = await openTarget(invocation)
  terminal.out(options.has('json') ? `${JSON.stringify(maskConfig(config), null, 2)}\n` : printConfig(config))
  return EXIT_CODES.ok
}

/** Prints the JSON Schema of the config file. */
export const schema: RunCommand = async ({ terminal }) => {
  terminal.out(`${JSON.stringify(configJsonSchema(), null, 2)}\n`)
  return EXIT_CODES.ok
}
