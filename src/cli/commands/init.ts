import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { ToolgateError } from '../../errors.ts'
import { shell } from '../client-snippets.ts'
import type { RunCommand } from '../command.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { type ScaffoldFile, scaffoldFiles } from '../scaffold-files.ts'

/** Writes a server that runs at once. Refuses, and writes nothing, when it would overwrite a file. */
export const init: RunCommand = async ({ positionals, options, terminal, version }) => {
  const directory = resolve(terminal.directory, positionals[0] ?? '.')
  const files = scaffoldFiles(basename(directory) || 'server', version)
  refuseToOverwrite(directory, files)
  writeAll(directory, files)
  if (options.has('json')) {
    terminal.out(`${JSON.stringify({ directory, files: files.map(({ path }) => path) }, null, 2)}\n`)
  } else {
    const name = relative(terminal.directory, directory)
    terminal.out(`Wrote ${files.length} files into ${directory}:\n`)
    terminal.out(files.map(({ path }) => `  ${path}\n`).join(''))
    terminal.out('\nIt runs as it is. Next:\n')
    if (name !== '') terminal.out(`  cd ${shell(name.startsWith('..') ? directory : name)}\n`)
    terminal.out('  toolgate call get_current_date   # call its tool\n')
    terminal.out('  toolgate dev --fresh-key         # serve it, reload on change, print what to paste into clients\n')
  }
  return EXIT_CODES.ok
}

function refuseToOverwrite(directory: string, files: readonly ScaffoldFile[]): void {
  const found = statSync(directory, { throwIfNoEntry: false })
  if (found !== undefined && !found.isDirectory()) {
    throw new ToolgateError({
      code: 'STORAGE_FAILED',
      message: `${directory} is a file.`,
      hint: 'Name a folder that does not exist yet: `toolgate init my-server`.',
    })
  }
  if (found === undefined || readdirSync(directory).length === 0) return
  const existing = files.filter(({ path }) => existsSync(join(directory, path))).map(({ path }) => path)
  if (existing.length === 0) return
  throw new ToolgateError({
    code: 'STORAGE_FAILED',
    message: `${directory} already has ${existing.join(', ')}; nothing was written.`,
    hint: 'Name another folder: `toolgate init my-server`.',
  })
}

function writeAll(directory: string, files: readonly ScaffoldFile[]): void {
  try {
    for (const { path, text } of files) {
      const file = join(directory, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text, { flag: 'wx' })
    }
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException
    throw new ToolgateError({
      code: 'STORAGE_FAILED',
      message: `${path ?? directory} cannot be written (${code ?? String(cause)}).`,
      hint: 'Choose a folder that you may write to.',
      cause,
    })
  }
}
