import { MultiServerMCPClient } from '@langchain/mcp-adapters'

const { url, key, command, args } = JSON.parse(process.argv[2])
const connection =
  url === undefined
    ? { transport: 'stdio', command, args }
    : { transport: 'http', url, headers: { Authorization: `Bearer ${key}` } }

const client = new MultiServerMCPClient({ mcpServers: { zoo: connection } })
try {
  const tools = await client.getTools()
  const add = tools.find(({ name }) => name === 'add')
  const called = await add.invoke({ a: 2, b: 3 })
  const [content] = await client.readResource('zoo', 'test://static-text')
  const { messages } = await (await client.getClient('zoo')).getPrompt({ name: 'test_simple_prompt' })
  console.log(
    JSON.stringify({
      tools: tools.map(({ name }) => name),
      sum: called.structuredContent.sum,
      resource: content.text,
      prompt: messages[0].content.text,
    }),
  )
} finally {
  await client.close()
}
