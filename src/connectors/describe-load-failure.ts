import { findSourceMap } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Message } from 'esbuild'
import { ToolgateError } from '../errors.ts'
import { BuildMistakes } from './build-modules.ts'

const MAX_MISTAKES = 10

/** The failure of a build, with every mistake as `file:line:column: what is wrong`. */
export function toBuildFailure(thrown: unknown, project: string, root: string): ToolgateError {
  if (thrown instanceof ToolgateError) return thrown
  if (!(thrown instanceof BuildMistakes)) {
    return new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `${root} could not be built: ${messageOf(thrown)}`,
      hint: 'Check that the files can be read and the disk can be written.',
      cause: thrown,
    })
  }
  const lines = thrown.mistakes.slice(0, MAX_MISTAKES).map((mistake) => describeMistake(mistake, project, root))
  const more = thrown.mistakes.length - lines.length
  if (more > 0) lines.push(`… and ${more} more`)
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: lines.join('\n'),
    hint: hintFor(thrown.mistakes),
    cause: thrown,
  })
}

function describeMistake({ text, location }: Message, project: string, root: string): string {
  if (location === null) return text
  const file = shorten(resolve(project, location.file), root)
  return `${file}:${location.line}:${location.column + 1}: ${text}`
}

function hintFor(mistakes: readonly Message[]): string {
  const [, missing] = /Could not resolve "([^"]+)"/.exec(mistakes.map(({ text }) => text).join('\n')) ?? []
  if (missing === undefined) return 'Correct the file; nothing of it was run.'
  if (/^[./]/.test(missing)) return 'Correct the path, which is relative to the file that imports it.'
  const [scope = '', name] = missing.split('/')
  return `Install it: npm install ${scope.startsWith('@') ? `${scope}/${name}` : scope}`
}

/** Where the files are, to make places in them readable. */
export interface Places {
  readonly root: string
  readonly inputs: readonly string[]
}

/** The failure of files that were built but threw while they were loaded. Their own words are shown: the operator reads them. */
export function describeImportFailures(
  failures: readonly { readonly file: string; readonly reason: unknown }[],
  places: Places,
): ToolgateError {
  const lines = new Set(
    failures.map(({ file, reason }) => `${describePlace(reason, file, places)}: ${messageOf(reason)}`),
  )
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: [...lines].join('\n'),
    hint: 'It failed while it was loaded; its stack is in the log.',
    cause: failures[0]?.reason,
  })
}

/** The innermost line of the stack that is in the user's own files. */
function describePlace(reason: unknown, file: string, places: Places): string {
  const stack = reason instanceof Error ? (reason.stack ?? '') : ''
  for (const [, path = '', line = '', column = ''] of stack.matchAll(/((?:file:\/\/)?\/[^\s():]+):(\d+)(?::(\d+))?/g)) {
    const plain = path.startsWith('file:') ? fileURLToPath(path) : path
    if (places.inputs.includes(plain)) return `${shorten(plain, places.root)}:${line}${column && `:${column}`}`
    const origin = findOrigin(path, Number(line), Number(column || '1'))
    if (origin !== undefined && places.inputs.includes(origin.path)) {
      return `${shorten(origin.path, places.root)}:${origin.line}:${origin.column}`
    }
  }
  return shorten(file, places.root)
}

/** An error of linking, such as an export that is missing, names the line of the bundle. */
function findOrigin(
  path: string,
  line: number,
  column: number,
): { path: string; line: number; column: number } | undefined {
  const entry = findSourceMap(path)?.findEntry(line - 1, column - 1)
  if (entry === undefined || !('originalSource' in entry)) return undefined
  const source = entry.originalSource
  const plain = source.startsWith('file:') ? fileURLToPath(source) : resolve(join('/', source))
  return { path: plain, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
}

/** A path as the user thinks of it: from the folder around what the configuration names. */
export function shorten(path: string, root: string): string {
  const short = relative(dirname(root), path)
  return short.startsWith('..') ? path : short
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
