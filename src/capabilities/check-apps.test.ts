import { expect, test } from 'vitest'
import { createTestEngine, holder } from '../../test/fixtures/engine.ts'
import { connectInMemory } from '../edge/memory/connect-in-memory.ts'
import { defineResource, defineTool, type ResourceDefinition, type ToolDefinition } from './definition.ts'
import type { Meta } from './protocol.ts'

const PAGE = 'text/html;profile=mcp-app'

const tool = (meta: Meta): ToolDefinition => defineTool({ name: 'clock', meta, run: () => '12:00' }) as ToolDefinition
const page = (mimeType: string | undefined, uri = 'ui://clock'): ResourceDefinition =>
  defineResource({ name: 'page', uri, ...(mimeType === undefined ? {} : { mimeType }), read: () => '<!doctype html>' })

test.each([
  ['as it is written now', { ui: { resourceUri: 'ui://clock', visibility: ['model', 'app'] } }],
  ['as it was written before', { 'ui/resourceUri': 'ui://clock' }],
])('a tool with a page, %s, is offered and the extension is declared in both eras', async (_, meta) => {
  const { engine } = createTestEngine([tool(meta), page('text/html; profile=mcp-app')])
  const client = connectInMemory(engine, holder('ann', 'user'))
  const declared = { capabilities: { extensions: { 'io.modelcontextprotocol/ui': {} } } }
  expect(await client.request('server/discover')).toMatchObject(declared)
  expect(await client.request('tools/list')).toMatchObject({ tools: [{ _meta: meta }] })
  const legacy = connectInMemory(engine, holder('ann', 'user'), { era: 'legacy' })
  const clientInfo = { name: 'test', version: '1.0.0' }
  const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo }
  expect(await legacy.request('initialize', opening)).toMatchObject(declared)
})

test('a page that a template offers will do', () => {
  const template = defineResource({ name: 'pages', uriTemplate: 'ui://{page}', mimeType: PAGE, read: () => '' })
  expect(() => createTestEngine([tool({ ui: { resourceUri: 'ui://clock' } }), template])).not.toThrow()
})

test('a tool without a page declares nothing', async () => {
  const { engine } = createTestEngine([tool({ ui: { visibility: ['app'] } })])
  const discovered = await connectInMemory(engine, holder('ann', 'user')).request('server/discover')
  expect(discovered).not.toHaveProperty('capabilities.extensions')
})

test.each([
  ['a page that is not offered', { ui: { resourceUri: 'ui://other' } }, PAGE, 'its page ui://other is not offered.'],
  ['a page that is plain HTML', { ui: { resourceUri: 'ui://clock' } }, 'text/html', 'has the mimeType text/html, not'],
  ['a page without a type', { ui: { resourceUri: 'ui://clock' } }, undefined, 'has no mimeType, not'],
  ['a page on the web', { ui: { resourceUri: 'https://example.com' } }, PAGE, 'begins with ui://'],
  ['a page that is no text', { ui: { resourceUri: 7 } }, PAGE, 'begins with ui://'],
  ['an audience that there is not', { ui: { visibility: ['user'] } }, PAGE, 'is not a list of model and app'],
])('%s is a mistake at the start', (_, meta, mimeType, message) => {
  expect(() => createTestEngine([tool(meta as Meta), page(mimeType)])).toThrow(message)
})
