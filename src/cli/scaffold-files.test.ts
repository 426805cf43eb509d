import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { commands } from './commands.ts'
import { findCommand, parseCommandLine } from './parse-command-line.ts'
import { scaffoldFiles } from './scaffold-files.ts'

function textOf(path: string, name = 'my-server'): string {
  const found = scaffoldFiles(name, '1.2.3').find((file) => file.path === path)
  if (found === undefined) throw new Error(`${path} is not written.`)
  return found.text
}

describe('a new server', () => {
  it('has the tool of the quickstart', () => {
    const example = new URL('../../examples/quickstart/tools/get-current-date.ts', import.meta.url)
    expect(textOf('tools/get-current-date.ts')).toBe(readFileSync(example, 'utf8'))
  })

  it.each([
    ['my-server', 'my-server'],
    ['My Server: 2', 'my-server-2'],
    ['toolgate', 'toolgate-server'],
    ['日本', 'toolgate-server'],
  ])('can live in a folder called %s', (folder, packageName) => {
    expect(parse(textOf('toolgate.yaml', folder)).name).toBe(folder)
    expect(JSON.parse(textOf('package.json', folder))).toMatchObject({
      name: packageName,
      devDependencies: { toolgate: '^1.2.3' },
    })
  })

  it('keeps keys, records and secrets out of version control', () => {
    expect(textOf('.gitignore').split('\n')).toEqual(expect.arrayContaining(['.toolgate/', '.env', 'node_modules/']))
  })

  it('has a readme that names commands this version has', () => {
    const lines = textOf('README.md').match(/^toolgate [^#\n]*[^#\s]/gm) ?? []
    expect(lines.length).toBeGreaterThan(4)
    for (const line of lines) {
      const found = findCommand(line.split(' ').slice(1), commands)
      expect(() => found && parseCommandLine(found.command, found.rest), line).not.toThrow()
      expect(found, line).toBeDefined()
    }
  })
})
