import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ZOO } from '../test/zoo/clients.ts'

/** The clients that the main suite runs, and where they are pinned. */
const MAIN = [
  ['Official SDK, v1', '@modelcontextprotocol/sdk', 'package.json', 'HTTP, stdio', 'everything it has methods for'],
  ['Official SDK, v2', '@modelcontextprotocol/client', 'package.json', 'HTTP, stdio', 'everything it has methods for'],
  [
    'Inspector',
    '@modelcontextprotocol/inspector',
    'test/conformance/package.json',
    'HTTP, stdio',
    'resource, prompt, skills, Apps, `--strict`, `--verify`, `--load`',
  ],
] as const

/** docs/reference/clients.md, made from the pins and from what `npm run zoo` runs. */
export function clientsReference(root: string): string {
  const main = MAIN.map(([name, packageName, pins, transports, also]) => {
    return [name, pin(root, packageName, pins), transports, also, '`npm test`']
  })
  const zoo = ZOO.map((client) => {
    const packageName = pin(root, client.package, 'test/zoo/package.json')
    return [client.name, packageName, client.transports.join(', '), client.also, '`npm run zoo`']
  })
  const rows = [...main, ...zoo].map((cells) => `| ${cells.join(' | ')} |`)
  return `# Clients that CI runs

Each of them is the published package at the version named here. It lists the tools of a server and calls one, over HTTP with an
API key where the run is \`npm run zoo\`, and over stdio where it speaks it. What it does beside that is in the table. With a key that is
not valid each client of the zoo has to end by itself, and what it prints has to say that a key is wanted and must not repeat it.

| client | package | over | beside tools | run by |
|---|---|---|---|---|
${rows.join('\n')}

\`npm run zoo\` installs the clients of \`test/zoo/\`, a package of its own with its own lockfile
([ADR 0010](../adr/0010-bench-and-conformance-are-standalone.md)), when they are first used. They run on the Node that runs the suite: all
of them work on Node 20.20, although \`@ai-sdk/mcp\` and \`mcporter\` declare a newer one. No client may reach beyond loopback: what tries is
refused and fails the run. How to connect them is in [Connect a client](../how-to/connect-a-client.md).
`
}

function pin(root: string, packageName: string, pins: string): string {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, pins), 'utf8'))
  return `\`${packageName}@${{ ...devDependencies, ...dependencies }[packageName]}\``
}
