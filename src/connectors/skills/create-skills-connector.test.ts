import { createHash } from 'node:crypto'
import { symlink, truncate, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestEngine, holder } from '../../../test/fixtures/engine.ts'
import type { ResourceDefinition } from '../../capabilities/definition.ts'
import { connectInMemory, type MemoryPeer } from '../../edge/memory/connect-in-memory.ts'
import { makeTemporaryProject, type TemporaryProject } from '../../testkit/temporary-project.ts'
import type { Connector } from '../connector.ts'
import { createSkillsConnector } from './create-skills-connector.ts'

const manifest = (name: string): string => `---\nname: ${name}\ndescription: A skill.\n---\n# ${name}\n`

let project: TemporaryProject
let connector: Connector

beforeEach(async () => {
  project = await makeTemporaryProject({
    files: {
      'skills/review/SKILL.md': manifest('review'),
      'skills/review/references/a guide.md': '# Guide',
      'skills/secret/SKILL.md': manifest('secret'),
      'skills/secret/keys.txt': 'hunter2',
      'outside.txt': 'outside',
    },
  })
  connector = createSkillsConnector({ name: 'skills', path: project.at('skills') })
})

afterEach(() => project.remove())

const load = async (): Promise<ResourceDefinition[]> => {
  const offered = await connector.connect(AbortSignal.timeout(10_000))
  return offered.map(({ definition }) => definition as ResourceDefinition)
}

/** A client of a server with the skills, whose role may read all but `secret`. */
async function open(server: { pageSize?: number } = {}): Promise<MemoryPeer> {
  const roles = {
    user: { scopes: [], allow: [{ name: 'skill://*' }], deny: [{ name: 'skill://secret/*' }] },
  }
  const { engine } = createTestEngine(await load(), { roles, server })
  return connectInMemory(engine, holder('ann', 'user'))
}

test('a skill is told with its head and a digest of each of its files', async () => {
  const [review] = await load()
  const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`
  expect(review?.skill?.entry).toEqual({
    uri: 'skill://review/SKILL.md',
    frontmatter: { name: 'review', description: 'A skill.' },
    resources: [
      { uri: 'skill://review/SKILL.md', digest: digest(manifest('review')), size: manifest('review').length },
      { uri: 'skill://review/references/a%20guide.md', digest: digest('# Guide'), size: 7 },
    ],
  })
})

test('a prefix and folders above a skill stand in its URI', async () => {
  await project.write({ 'skills/team/deploy/SKILL.md': manifest('deploy') })
  connector = createSkillsConnector({ name: 'skills', path: project.at('skills'), prefix: 'acme' })
  expect((await load()).map(({ uri }) => uri)).toContain('skill://acme/team/deploy/SKILL.md')
})

test('a client lists, gets, descends and reads', async () => {
  const client = await open()
  const { skills } = (await client.request('skills/list')) as { skills: { uri: string }[] }
  expect(skills.map(({ uri }) => uri)).toEqual(['skill://review/SKILL.md'])
  expect(await client.request('skills/get', { uri: 'skill://review/SKILL.md' })).toMatchObject({ skill: skills[0] })
  expect(await client.request('resources/directory/read', { uri: 'skill://review' })).toMatchObject({
    resources: [
      { uri: 'skill://review/SKILL.md', mimeType: 'text/markdown' },
      { uri: 'skill://review/references', name: 'references', mimeType: 'inode/directory' },
    ],
    ttlMs: 0,
    cacheScope: 'private',
  })
  expect(await client.request('resources/read', { uri: 'skill://review/references/a%20guide.md' })).toMatchObject({
    contents: [{ uri: 'skill://review/references/a%20guide.md', mimeType: 'text/markdown', text: '# Guide' }],
  })
})

test('a file that is not text comes as bytes', async () => {
  await writeFile(project.at('skills/review/logo.png'), Uint8Array.of(0x89, 0xff))
  const read = await (await open()).request('resources/read', { uri: 'skill://review/logo.png' })
  expect(read).toMatchObject({ contents: [{ mimeType: 'image/png', blob: 'if8=' }] })
})

test('a folder comes in pages, and its cursor is good for it alone', async () => {
  const client = await open({ pageSize: 1 })
  const uri = 'skill://review'
  const first = (await client.request('resources/directory/read', { uri })) as { nextCursor: string }
  const { nextCursor: cursor } = first
  expect(await client.request('resources/directory/read', { uri, cursor })).toMatchObject({
    resources: [{ name: 'references' }],
  })
  const other = { uri: `${uri}/references`, cursor }
  await expect(client.request('resources/directory/read', other)).rejects.toMatchObject({ code: -32602 })
})

test.each([
  ['skills/get', 'skill://nothing/SKILL.md'],
  ['skills/get', 'skill://review/references/a%20guide.md'],
  ['resources/directory/read', 'skill://review/SKILL.md'],
  ['resources/directory/read', 'skill://review/..'],
  ['resources/read', 'skill://review'],
  ['resources/read', 'skill://review/../../outside.txt'],
  ['resources/read', 'skill://review/%2e%2e/%2e%2e/outside.txt'],
  ['resources/read', 'skill://review/references/../SKILL.md'],
])('%s knows no %s', async (method, uri) => {
  await expect((await open()).request(method, { uri })).rejects.toMatchObject({ code: -32602 })
})

test.each([
  ['skills/get', 'skill://secret/SKILL.md'],
  ['resources/directory/read', 'skill://secret'],
  ['resources/read', 'skill://secret/SKILL.md'],
  ['resources/read', 'skill://secret/keys.txt'],
])('%s hides %s from a role that may not have the skill', async (method, uri) => {
  await expect((await open()).request(method, { uri })).rejects.toMatchObject({ code: -32602 })
})

test('a role that is denied the SKILL.md cannot read the other files either', async () => {
  const roles = { user: { scopes: [], allow: [{ name: '*' }], deny: [{ name: 'skill://secret/SKILL.md' }] } }
  const { engine } = createTestEngine(await load(), { roles })
  const client = connectInMemory(engine, holder('ann', 'user'))
  await expect(client.request('resources/read', { uri: 'skill://secret/keys.txt' })).rejects.toThrow()
})

test('a server without skills neither declares nor answers them', async () => {
  const { engine } = createTestEngine([])
  const client = connectInMemory(engine, holder('ann', 'user'))
  const discovered = (await client.request('server/discover')) as { capabilities: object }
  expect(discovered.capabilities).not.toHaveProperty('extensions')
  await expect(client.request('skills/list')).rejects.toMatchObject({ code: -32601 })
})

test('a file that changed since is not served before a reload, and is after it', async () => {
  const [before] = await load()
  const read = (definition: ResourceDefinition | undefined): unknown =>
    definition?.read(new URL('skill://review/references/a%20guide.md'), {} as never)
  await project.write({ 'skills/review/references/a guide.md': '# Other' })
  await expect(read(before)).rejects.toThrow('not what was announced')
  const [after] = (await connector.reload?.(AbortSignal.timeout(10_000))) ?? []
  await expect(read(after?.definition as ResourceDefinition)).resolves.toMatchObject({
    contents: [{ text: '# Other' }],
  })
})

test('a folder that became a link to elsewhere is not followed to other content', async () => {
  const [review] = await load()
  await project.remove()
  await project.write({ 'elsewhere/a guide.md': '# Guile', 'skills/review/SKILL.md': manifest('review') })
  await symlink(project.at('elsewhere'), project.at('skills/review/references'))
  const uri = new URL('skill://review/references/a%20guide.md')
  await expect(review?.read(uri, {} as never)).rejects.toThrow('not what was announced')
})

test.each([
  ['a file', 'outside.txt', 'skills/review/link.txt'],
  ['a SKILL.md', 'outside.txt', 'skills/linked/SKILL.md'],
  ['a folder above', '.', 'skills/review/up'],
  ['its own folder, round and round', 'skills', 'skills/review/again'],
  ['a skill', 'skills/review', 'skills/copy'],
])('a link to %s is refused, not followed', async (_, target, link) => {
  await project.write({ 'skills/linked/notes.md': 'x' })
  await symlink(project.at(target), project.at(link))
  const shown = link.slice('skills/'.length)
  await expect(load()).rejects.toMatchObject({
    code: 'CONNECTOR_FAILED',
    message: expect.stringContaining(`- ${shown}: links and special files are not served.`),
  })
})

test('all mistakes are told at once, each with its folder', async () => {
  await project.write({
    'skills/SKILL.md': manifest('root'),
    'skills/no-head/SKILL.md': '# Hello',
    'skills/other-name/SKILL.md': manifest('another'),
    'skills/Capital/SKILL.md': manifest('capital'),
    'skills/review/nested/SKILL.md': manifest('nested'),
  })
  await writeFile(project.at('skills/secret/SKILL.md'), Uint8Array.of(0xff, 0xfe))
  const failure = (await load().catch((thrown: unknown) => thrown)) as Error
  for (const line of [
    "SKILL.md: it must lie in a folder of the skill's own.",
    'no-head: SKILL.md cannot be used: it does not begin with frontmatter between two lines of ---.',
    'other-name: its name is another, but its folder is other-name: both must be the same.',
    'Capital: the folder Capital needs a name of lower-case letters, digits and single hyphens.',
    'review/nested: a skill may not lie within another one.',
    'secret: SKILL.md cannot be used: it is not text in UTF-8.',
  ]) {
    expect(failure.message).toContain(`- ${line}`)
  }
})

test('a skill of more than 16 MiB or 512 files is refused', async () => {
  await project.write({ 'skills/review/huge.bin': '' })
  await truncate(project.at('skills/review/huge.bin'), 16 * 1024 * 1024)
  const many = Array.from({ length: 512 }, (_, index) => [`skills/secret/${index}.txt`, ''] as const)
  await project.write(Object.fromEntries(many))
  const failure = (await load().catch((thrown: unknown) => thrown)) as Error
  expect(failure.message).toContain('review: huge.bin cannot be read: it has more than')
  expect(failure.message).toContain('secret: it has 514 files; a skill has at most 512.')
})

test('names that begin with a dot are passed over, odd ones are encoded', async () => {
  await project.write({ 'skills/review/.env': 'SECRET=1', 'skills/review/%2e%2e%2f\\#?.md': 'odd' })
  const [review] = await load()
  expect(review?.skill?.entry.resources.map(({ uri }) => uri)).toContain('skill://review/%252e%252e%252f%5C%23%3F.md')
  expect(JSON.stringify(review?.skill?.entry)).not.toContain('.env')
})

test('a folder without a skill is a mistake that says what a skill is', async () => {
  await project.remove()
  await project.write({ 'skills/readme.md': 'x' })
  await expect(load()).rejects.toMatchObject({ message: expect.stringContaining('holds no skill') })
})
