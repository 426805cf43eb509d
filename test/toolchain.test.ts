import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('the toolchain', () => {
  // A package that brings a Node links it where npm looks first, and every script leaves the floor without a word.
  it('runs on the Node that is installed, not on one that a package brings', () => {
    expect(existsSync(`${root}node_modules/.bin/node`)).toBe(false)
  })

  it('pins every dependency to one version', () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const versions = Object.entries({ ...dependencies, ...devDependencies })
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+(-beta\.\d+)?$/.test(version))).toEqual([])
  })
})
