/** The content of a tool's result, one block of text per item, as a person reads it in a terminal. */
export function resultText(result: Readonly<Record<string, unknown>>): string {
  const content = (result.content ?? []) as readonly Block[]
  const blocks = content.map(blockText)
  if (blocks.length === 0 && result.structuredContent !== undefined) {
    blocks.push(JSON.stringify(result.structuredContent, null, 2))
  }
  return blocks.map((block) => (block.endsWith('\n') ? block : `${block}\n`)).join('')
}

interface Block {
  readonly type: string
  readonly text?: string
  readonly data?: string
  readonly mimeType?: string
  readonly uri?: string
  readonly name?: string
  readonly resource?: {
    readonly uri: string
    readonly text?: string
    readonly blob?: string
    readonly mimeType?: string
  }
}

function blockText(block: Block): string {
  if (block.text !== undefined) return block.text
  if (block.resource !== undefined) {
    const { uri, text, mimeType } = block.resource
    return text ?? `[${[uri, mimeType].filter(Boolean).join(', ')}]`
  }
  if (block.type === 'resource_link') return `[${block.name ?? 'resource'}: ${block.uri ?? ''}]`
  const bytes = Buffer.byteLength(block.data ?? '', 'base64')
  return `[${block.type}, ${block.mimeType ?? 'unknown type'}, ${bytes} bytes; --json prints it]`
}
