/**
 * The tools every subject offers: as many as asked for, each with schemas of its own, `add` registered last.
 * The schema library is handed in, so that a subject gets the copy its own package resolves.
 */
export function makeTools(z, count) {
  return Array.from({ length: count }, (_, index) => {
    const isLast = index === count - 1
    return {
      name: isLast ? 'add' : `add_${index + 1}`,
      description: isLast ? 'Adds two numbers.' : `Adds two numbers, variant ${index + 1}.`,
      input: z.object({ a: z.number().describe('First number'), b: z.number().describe('Second number') }),
      output: z.object({ sum: z.number().describe('The sum of both') }),
    }
  })
}

/** What each tool does: nothing but add, answered as text and as structured content. */
export function add({ a, b }) {
  const structuredContent = { sum: a + b }
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
}

/** What the bench hands to every server script: `node <script> <http|session|stdio> <tools> <port>`. */
export function readArguments() {
  const [mode = 'http', tools = '1', port = '0'] = process.argv.slice(2)
  return { mode, tools: Number(tools), port: Number(port) }
}
