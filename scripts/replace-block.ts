/**
 * Puts `block` between `<!-- name -->` and `<!-- /name -->` of a Markdown text. Throws when the markers are missing, so
 * that a generated part cannot silently stop being generated.
 */
export function replaceBlock(text: string, name: string, block: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const start = text.indexOf(open)
  const end = text.indexOf(close)
  if (start < 0 || end < start) throw new Error(`The markers ${open} and ${close} are missing.`)
  return `${text.slice(0, start + open.length)}\n${block.trimEnd()}\n${text.slice(end)}`
}
