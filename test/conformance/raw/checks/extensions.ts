import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Definition } from '../../../../src/capabilities/definition.ts'
import { createSkillsConnector } from '../../../../src/connectors/skills/create-skills-connector.ts'
import { openLegacy, sendModern, type Wire } from '../../../fixtures/http-client.ts'
import { clockPage, showClock } from '../../capabilities/app.ts'
import { MODERN, type RawCheck } from '../check.ts'
import type { RawServer } from '../raw-server.ts'

const SKILLS = fileURLToPath(new URL('../../skills', import.meta.url))
const SKILL_METHODS = ['skills/list', 'skills/get', 'resources/directory/read']
const UI = 'io.modelcontextprotocol/ui'
const PAGE_TYPE = 'text/html;profile=mcp-app'

/** A server of the check's own that offers the skills of a folder and a tool with a page, to `ann` alone. */
async function extended(server: RawServer): Promise<RawServer> {
  const connector = createSkillsConnector({ name: 'skills', path: SKILLS })
  const offered = await connector.connect(AbortSignal.timeout(10_000))
  const made = await server.another({ server: { pageSize: 1 } })
  made.test.use([...offered.map(({ definition }) => definition as Definition), showClock, clockPage])
  return made
}

async function everySkill(port: number): Promise<Wire[]> {
  const skills: Wire[] = []
  let cursor: string | undefined
  do {
    const { result } = (await sendModern(port, 'skills/list', cursor === undefined ? {} : { cursor })).json
    skills.push(...result.skills)
    cursor = result.nextCursor
  } while (cursor !== undefined && skills.length < 50)
  return skills
}

export const extensions: readonly RawCheck[] = [
  {
    id: 'skills-declared',
    requirement:
      'Skills are declared with `resources` where there are any; where there are none their methods are -32601',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const { capabilities } = (await sendModern(port, 'server/discover')).json.result
        assert.ok('resources' in capabilities)
        assert.ok('io.modelcontextprotocol/skills' in capabilities.extensions)
        const without = (await sendModern(server.port, 'server/discover')).json.result.capabilities
        assert.equal(without.extensions?.['io.modelcontextprotocol/skills'], undefined)
        for (const method of SKILL_METHODS)
          assert.equal((await sendModern(server.port, method, { uri: 'skill://x' })).json.error.code, -32601, method)
      },
    },
  },
  {
    id: 'skills-digests',
    requirement: 'Each skill is listed once, over all pages, with a digest and a size that the bytes of each file have',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const skills = await everySkill(port)
        assert.deepEqual(
          skills.map(({ uri }) => uri),
          ['skill://code-review/SKILL.md', 'skill://release-notes/SKILL.md'],
        )
        for (const { uri, resources } of skills) {
          assert.deepEqual((await sendModern(port, 'skills/get', { uri })).json.result.skill.resources, resources)
          for (const file of resources) {
            const [content] = (await sendModern(port, 'resources/read', { uri: file.uri })).json.result.contents
            const bytes = Buffer.from(content.text ?? content.blob, content.text === undefined ? 'base64' : 'utf8')
            assert.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, file.digest, file.uri)
            assert.equal(bytes.length, file.size, file.uri)
          }
        }
      },
    },
  },
  {
    id: 'skills-unknown',
    requirement: 'What is no skill, or leads out of one, is -32602, to `skills/get` and to `resources/directory/read`',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const outside = ['skill://none/SKILL.md', 'skill://code-review/../release-notes', 'file:///etc', '', 17]
        for (const method of ['skills/get', 'resources/directory/read'])
          for (const uri of outside) {
            const headers = { 'mcp-name': typeof uri === 'string' ? uri : undefined }
            const { json } = await sendModern(port, method, { uri }, { headers })
            assert.equal(json.error.code, -32602, `${method} ${uri}`)
          }
        for (const uri of ['skill://code-review/%2e%2e/release-notes/SKILL.md', 'skill://code-review/..%2f..%2fapp.ts'])
          assert.equal((await sendModern(port, 'resources/read', { uri })).json.error.code, -32602, uri)
      },
    },
  },
  {
    id: 'skills-hidden',
    requirement: 'A skill that the caller may not read is neither listed nor told, and answers like what is not there',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const headers = { authorization: 'Bearer gus' }
        assert.deepEqual((await sendModern(port, 'skills/list', {}, { headers })).json.result.skills, [])
        const uri = 'skill://code-review/SKILL.md'
        const ask = async (asked: string): Promise<Wire> =>
          (await sendModern(port, 'skills/get', { uri: asked }, { headers })).json.error
        const unknown = await ask('skill://none/SKILL.md')
        assert.deepEqual({ ...(await ask(uri)), data: {} }, { ...unknown, data: {} })
        const folder = await sendModern(port, 'resources/directory/read', { uri: 'skill://code-review' }, { headers })
        assert.equal(folder.json.error.code, -32602)
      },
    },
  },
  {
    id: 'apps-page',
    requirement:
      'The page of a tool is a `ui://` resource of the type `text/html;profile=mcp-app` with its policy, an HTML5 document',
    level: 'MUST',
    revisions: MODERN,
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const { result: discovered } = (await sendModern(port, 'server/discover')).json
        assert.ok(UI in discovered.capabilities.extensions)
        const { tools } = (await sendModern(port, 'tools/list')).json.result
        const { resourceUri, visibility } = tools[0]._meta.ui
        assert.deepEqual(visibility, ['model', 'app'])
        assert.match(resourceUri, /^ui:\/\//)
        const [page] = (await sendModern(port, 'resources/read', { uri: resourceUri })).json.result.contents
        assert.deepEqual(
          [page.uri, page.mimeType, page._meta.ui],
          [resourceUri, PAGE_TYPE, { csp: { connectDomains: [] } }],
        )
        assert.match(page.text, /^<!doctype html>/i)
      },
    },
  },
  {
    id: 'apps-text-for-others',
    requirement: 'A tool with a page answers with text as well, for hosts that show no pages, in every revision',
    level: 'SHOULD',
    revisions: ['2025-11-25', '2026-07-28'],
    tests: {
      http: async (server) => {
        const { port } = await extended(server)
        const legacy = await openLegacy(port)
        const call = { name: 'show_clock', arguments: {} }
        for (const { json } of [await sendModern(port, 'tools/call', call), await legacy.request('tools/call', call)]) {
          const [{ type, text }] = json.result.content
          assert.deepEqual([type, text.startsWith('It is ')], ['text', true])
        }
      },
    },
  },
]
