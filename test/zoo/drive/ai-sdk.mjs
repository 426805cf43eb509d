import { createMCPClient } from '@ai-sdk/mcp'
import { Experimental_StdioMCPTransport as StdioTransport } from '@ai-sdk/mcp/mcp-stdio'

const { url, key, command, args } = JSON.parse(process.argv[2])
const transport =
  url === undefined
    ? new StdioTransport({ command, args })
    : { type: 'http', url, headers: { Authorization: `Bearer ${key}` } }

const client = await createMCPClient({ transport })
try {
  const tools = await client.tools()
  const called = await tools.add.execute({ a: 2, b: 3 }, { toolCallId: 'one', messages: [] })
  const { contents } = await client.readResource({ uri: 'test://static-text' })
  const { messages } = await client.getPrompt({ name: 'test_simple_prompt' })
  console.log(
    JSON.stringify({
      tools: Object.keys(tools),
      sum: called.structuredContent.sum,
      resource: contents[0].text,
      prompt: messages[0].content.text,
    }),
  )
} finally {
  await client.close()
}
