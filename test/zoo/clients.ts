/** A client of somebody else, and what CI does with it. */
export interface ZooClient {
  readonly name: string
  /** In the package.json of this folder. */
  readonly package: string
  readonly transports: readonly ('HTTP' | 'stdio')[]
  /** What it does beside listing tools and calling one. */
  readonly also: string
}

/** The clients that `npm run zoo` runs, in the order of docs/reference/clients.md. */
export const ZOO: readonly ZooClient[] = [
  { name: 'Vercel AI SDK', package: '@ai-sdk/mcp', transports: ['HTTP', 'stdio'], also: 'resource, prompt' },
  {
    name: 'LangChain adapters',
    package: '@langchain/mcp-adapters',
    transports: ['HTTP', 'stdio'],
    also: 'resource, prompt',
  },
  { name: 'mcporter', package: 'mcporter', transports: ['HTTP', 'stdio'], also: 'resource' },
  { name: 'mcp-remote', package: 'mcp-remote', transports: ['HTTP'], also: 'resource, prompt' },
]
