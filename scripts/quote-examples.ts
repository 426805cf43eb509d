import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { scaffoldFiles } from '../src/cli/scaffold-files.ts'

const QUOTE = /(<!-- from: (\S+) -->\n```\w*\n)[\s\S]*?(^```$)/gm
/** Before the path of a file that `toolgate init` writes. */
const WRITTEN_BY_INIT = 'init:'

/** A Markdown text with every block marked `<!-- from: PATH -->` filled with that file as it is now. */
export function quoteExamples(markdown: string, root: string): string {
  return markdown.replace(QUOTE, (_, open: string, path: string, close: string) => {
    return `${open}${quotedText(path, root).trimEnd()}\n${close}`
  })
}

/** The text behind a mark: a file of the repository, or with `init:` before it one that `toolgate init` writes. */
export function quotedText(path: string, root: string): string {
  if (path.startsWith(WRITTEN_BY_INIT)) {
    const written = scaffoldFiles('my-server', '0.0.0').find((file) => `${WRITTEN_BY_INIT}${file.path}` === path)
    if (written !== undefined) return written.text
  } else if (existsSync(join(root, path))) return readFileSync(join(root, path), 'utf8')
  throw new Error(`There is no ${path} to quote.`)
}
