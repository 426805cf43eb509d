import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { clientSnippets } from './client-snippets.ts'

const page = new URL('../../docs/how-to/connect-a-client.md', import.meta.url)

it('the how-to on connecting a client shows what the command prints', () => {
  const snippets = clientSnippets({
    name: 'quickstart',
    url: 'http://127.0.0.1:3000/mcp',
    key: 'tg_KEY',
    stdio: ['node', '/path/to/toolgate/dist/cli/main.js', 'serve', '--stdio', '--config', '/path/to/toolgate.yaml'],
    tool: { name: 'get_current_date', args: {} },
  })
  const sections = snippets.map(({ client, place, text }) => {
    const isCommand = place === 'terminal'
    return `## ${client}\n${isCommand ? '' : `In ${place}:\n\n`}\`\`\`${isCommand ? 'sh' : 'json'}\n${text}\n\`\`\`\n`
  })
  const shown = readFileSync(page, 'utf8').split(/<!-- \/?snippets -->\n/)[1]
  expect(shown).toBe(sections.join('\n'))
})
