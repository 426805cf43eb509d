import { createRequire } from 'node:module'
import { ToolgateError } from '../../errors.ts'
import { makeValuesExact } from './exact-values.ts'

/** The driver of SQL Server. */
export type Tedious = typeof import('tedious')

/** Loads the driver, which is an optional package, and makes it able to read values exactly. */
export async function loadTedious(): Promise<Tedious> {
  try {
    const { default: tedious } = (await import('tedious')) as unknown as { default: Tedious }
    // Of the modules themselves, not of what an import makes of them: one of their functions is replaced.
    const require = createRequire(import.meta.url)
    const parser: ValueParser = require('tedious/lib/value-parser.js')
    const helpers: ParserHelpers = require('tedious/lib/token/helpers.js')
    makeValuesExact(parser, helpers.NotEnoughDataError)
    return tedious
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: 'SQL Server needs the package tedious, which is not installed or not the right version.',
      hint: 'Install it: npm install tedious@19',
      cause,
    })
  }
}

type ValueParser = Parameters<typeof makeValuesExact>[0]

interface ParserHelpers {
  readonly NotEnoughDataError: Parameters<typeof makeValuesExact>[1]
}
