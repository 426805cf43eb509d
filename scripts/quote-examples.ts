import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const QUOTE = /(<!-- from: (\S+) -->\n```\w*\n)[\s\S]*?(^```$)/gm

/** A Markdown text with every block marked `<!-- from: PATH -->` filled with that file as it is now. */
export function quoteExamples(markdown: string, root: string): string {
  return markdown.replace(QUOTE, (_, open: string, path: string, close: string) => {
    if (!existsSync(join(root, path))) throw new Error(`There is no ${path} to quote.`)
    return `${open}${readFileSync(join(root, path), 'utf8').trimEnd()}\n${close}`
  })
}
