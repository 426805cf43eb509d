/** Comments and strings first, so that nothing within them counts (https://sqlite.org/lang_comment.html). */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"((?:[^"]|"")*)(?:"|$)|`((?:[^`]|``)*)(?:`|$)|\[([^\]]*)(?:\]|$)|([A-Za-z_$0-9\u0080-\uffff]+)|([^\s])/g

/**
 * The words and signs of a statement as SQLite separates them, in lower case; quoted names without their quotes. Strings
 * are `''`, comments left out. The engine compiles the first statement alone, so this decides what is said, not what runs.
 */
export function readWords(sql: string): readonly string[] {
  return [...sql.matchAll(TOKEN)].flatMap(([all, double, back, bracket]) => {
    if (all.startsWith('--') || all.startsWith('/*')) return []
    if (all.startsWith("'")) return ["''"]
    return [(double ?? back ?? bracket ?? all).toLowerCase()]
  })
}
