import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Terminal } from './command.ts'
import { UsageError } from './usage-error.ts'

/** The arguments of `--args`: JSON, `@FILE` or `-` for standard input. Throws `UsageError` where that is no JSON object. */
export async function readArguments(given: string, terminal: Terminal): Promise<object> {
  const { source, text } = await readSource(given, terminal)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`${source} is not JSON: ${why}`, `Write it in single quotes: --args '{"timezone":"UTC"}'.`)
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(`${source} is JSON, but not an object.`, `Name the arguments: --args '{"timezone":"UTC"}'.`)
}

async function readSource(given: string, terminal: Terminal): Promise<{ source: string; text: string }> {
  if (given === '-') return { source: 'Standard input', text: await terminal.readInput() }
  if (!given.startsWith('@')) return { source: '--args', text: given }
  const file = resolve(terminal.directory, given.slice(1))
  try {
    return { source: file, text: readFileSync(file, 'utf8') }
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new UsageError(`${file} cannot be read (${why}).`, 'After @ stands the path of a file with a JSON object.')
  }
}
