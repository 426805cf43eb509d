import { symlink } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ToolDefinition } from '../../capabilities/definition.ts'
import { ToolgateError } from '../../errors.ts'
import { makeTemporaryProject, type TemporaryProject } from '../../testkit/temporary-project.ts'
import type { Offered } from '../connector.ts'
import { createTypescriptConnector } from './create-typescript-connector.ts'

const signal = new AbortController().signal
let project: TemporaryProject

beforeEach(async () => {
  project = await makeTemporaryProject({ packages: ['zod'] })
})

afterEach(() => project.remove())

/** A module that exports a tool of this name. */
const tool = (name: string): string =>
  `import { defineTool } from 'toolgate'\nexport const tool = defineTool({ name: '${name}', run: () => '${name}' })`

async function offer(path: string, files: Record<string, string>, prefix = ''): Promise<readonly Offered[]> {
  await project.write(files)
  return createTypescriptConnector({ name: 'tools', path: project.at(path), prefix }).connect(signal)
}

function names(offered: readonly Offered[]): string[] {
  return offered.map(({ definition, source }) => `${definition.name} from ${source}`)
}

function toolOf(offered: readonly Offered[]): ToolDefinition {
  const definition = offered[0]?.definition
  if (definition?.kind !== 'tool') throw new Error('There is no tool.')
  return definition
}

async function failureOf(promise: Promise<unknown>): Promise<ToolgateError> {
  const thrown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(thrown).toBeInstanceOf(ToolgateError)
  return thrown as ToolgateError
}

describe('what is offered', () => {
  it('takes every module of a folder but tests, declarations, hidden ones and packages', async () => {
    const offered = await offer('tools', {
      'tools/b.ts': tool('b'),
      'tools/a.mjs': tool('a'),
      'tools/crm/find.mts': tool('find'),
      'tools/crm/old.js': tool('old'),
      'tools/a.test.ts': tool('test'),
      'tools/types.d.ts': 'export type A = string',
      'tools/_draft.ts': tool('draft'),
      'tools/.hidden/x.ts': tool('hidden'),
      'tools/_later/x.ts': tool('later'),
      'tools/node_modules/x/index.js': tool('package'),
      'tools/notes.md': '# no',
    })
    expect(names(offered)).toEqual([
      'a from tools/a.mjs',
      'b from tools/b.ts',
      'find from tools/crm/find.mts',
      'old from tools/crm/old.js',
    ])
  })

  it('takes named and default exports and lists, each definition once', async () => {
    const offered = await offer('all.ts', {
      'all.ts': `
        import { definePrompt, defineResource, defineTool } from 'toolgate'
        export const one = defineTool({ name: 'one', run: () => 1 })
        export const rest = [
          defineResource({ name: 'two', uri: 'a://two', read: () => '2' }),
          definePrompt({ name: 'three', run: () => '3' }),
        ]
        export const helper = { name: 'helper', run: true }
        export default one
      `,
    })
    expect(offered.map(({ definition }) => definition.kind)).toEqual(['tool', 'resource', 'prompt'])
  })

  it('offers once what a file gathers from others', async () => {
    const offered = await offer('tools', {
      'tools/a.ts': tool('a'),
      'tools/index.ts': `export * as all from './zed'\nexport { tool as first } from './a'\nexport { tool } from './zed'`,
      'tools/zed.ts': tool('zed'),
    })
    expect(offered.map(({ definition }) => definition.name)).toEqual(['a', 'zed'])
  })

  it('is not confused by exports named after what every object has', async () => {
    const offered = await offer('odd.ts', {
      'odd.ts': `
        import { defineTool } from 'toolgate'
        const a = defineTool({ name: 'a', run: () => 'a' })
        const b = defineTool({ name: 'b', run: () => 'b' })
        export { a as __proto__, b as constructor }
        export const toString = () => 'no'
        export const hasOwnProperty = null
      `,
    })
    expect(offered.map(({ definition }) => definition.name).sort()).toEqual(['a', 'b'])
  })

  it('puts the prefix before tools and prompts and leaves them definitions that run', async () => {
    const offered = await offer('tools', { 'tools/a.ts': tool('date') }, 'crm_')
    const definition = toolOf(offered)
    expect(definition.name).toBe('crm_date')
    expect(definition.run({} as never, {} as never)).toBe('date')
  })

  it('survives a link that leads back into the folder', async () => {
    await project.write({ 'tools/a.ts': tool('a') })
    await symlink(project.at('tools'), project.at('tools/loop'))
    expect(names(await offer('tools', {}))).toEqual(['a from tools/a.ts'])
  })
})

describe('mistakes', () => {
  it('says that a folder is missing or empty', async () => {
    expect((await failureOf(offer('tools', {}))).message).toContain('There is no file or folder')
    expect((await failureOf(offer('tools', { 'tools/readme.md': '' }))).message).toContain('holds no TypeScript')
  })

  it('says that an export was meant to be a tool but was not defined', async () => {
    const failure = await failureOf(
      offer('tools', {
        'tools/a.ts': `export const find = { name: 'find', description: 'Finds.', handler: async () => 'x' }`,
      }),
    )
    expect(failure.code).toBe('DEFINITION_INVALID')
    expect(failure.message).toBe(
      'tools/a.ts exports "find", which looks like a definition but was not made by one of the define functions.',
    )
    expect(failure.hint).toContain('defineTool')
  })

  it('says that a list holds something else', async () => {
    const failure = await failureOf(offer('a.ts', { 'a.ts': `${tool('a')}\nexport const all = [tool, 17]` }))
    expect(failure.message).toContain('the list "all"')
  })

  it('says that the only file exports nothing, and points at the type for an SDK server', async () => {
    expect((await failureOf(offer('a.ts', { 'a.ts': 'export const a = 1' }))).code).toBe('DEFINITION_INVALID')
    const failure = await failureOf(offer('b.ts', { 'b.ts': 'export default { connect() {} }' }))
    expect(failure.hint).toContain('sdk')
  })
})

describe('changes', () => {
  it('serves the new source after a reload and keeps quiet about a broken edit', async () => {
    await project.write({ 'tools/a.ts': tool('a') })
    const connector = createTypescriptConnector({ name: 'tools', path: project.at('tools') })
    const before = await connector.connect(signal)
    await project.write({ 'tools/a.ts': 'export const = ' })
    await failureOf(connector.reload?.(signal) as Promise<unknown>)
    expect(toolOf(before).run({} as never, {} as never)).toBe('a')
    await project.write({ 'tools/a.ts': tool('again') })
    expect(names((await connector.reload?.(signal)) ?? [])).toEqual(['again from tools/a.ts'])
  })

  it('is to be watched at its folder and at what it imports from elsewhere, also when that is broken', async () => {
    await project.write({ 'tools/a.ts': `import '../lib/b'\n${tool('a')}`, 'lib/b.ts': 'const broken' })
    const connector = createTypescriptConnector({ name: 'tools', path: project.at('tools') })
    expect(connector.watched?.()).toEqual([project.at('tools')])
    await failureOf(connector.connect(signal))
    expect(connector.watched?.()).toEqual([project.at('tools'), project.at('lib/b.ts')])
  })
})
