/** The strings of a list of nodes, `[{ String: { sval: 'a' } }]` → `['a']`; other nodes are left out. */
export function readNames(nodes: unknown): string[] {
  const list = (nodes ?? []) as readonly { String?: { sval?: string } }[]
  return list.filter((node) => node.String !== undefined).map((node) => node.String?.sval ?? '')
}

/** An identifier as SQL text. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A name with its schema as SQL text. */
export function quoteQualified(schema: string, name: string): string {
  return `${quoteName(schema)}.${quoteName(name)}`
}

/** A name as the parse tree has it. */
export function toNames(...names: readonly string[]): { String: { sval: string } }[] {
  return names.map((sval) => ({ String: { sval } }))
}
