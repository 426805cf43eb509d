import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileWatch, watchFiles } from './watch-files.ts'

let folder: string
let watch: FileWatch | undefined
let seen: string[][]
let waiting: ((changed: readonly string[]) => void)[]

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'toolgate-watch-')))
  seen = []
  waiting = []
})

afterEach(() => {
  watch?.close()
  rmSync(folder, { recursive: true, force: true })
})

function follow(...paths: string[]): void {
  watch = watchFiles({
    paths: () => paths,
    quietMs: 20,
    onChange: async (changed) => {
      seen.push([...changed])
      waiting.shift()?.(changed)
    },
  })
}

function nextChange(): Promise<readonly string[]> {
  return new Promise((resolve) => waiting.push(resolve))
}

function at(...parts: string[]): string {
  return join(folder, ...parts)
}

describe('watching sources', () => {
  it('tells once of a burst of changes in a folder and below it', async () => {
    mkdirSync(at('deep'))
    follow(folder)
    const changed = nextChange()
    writeFileSync(at('a.ts'), '1')
    writeFileSync(at('deep', 'b.ts'), '2')
    expect(await changed).toEqual([at('a.ts'), at('deep', 'b.ts')])
  })

  it('sees a file that an editor saves by renaming another one over it, every time', async () => {
    const file = at('toolgate.yaml')
    writeFileSync(file, '1')
    follow(file)
    for (const text of ['2', '3']) {
      const changed = nextChange()
      writeFileSync(at('.swap'), text)
      renameSync(at('.swap'), file)
      expect(await changed).toEqual([file])
    }
  })

  it('sees what is written into a folder that was made later', async () => {
    follow(folder)
    let changed = nextChange()
    mkdirSync(at('new', 'deeper'), { recursive: true })
    await changed
    changed = nextChange()
    writeFileSync(at('new', 'deeper', 'c.ts'), '1')
    expect(await changed).toEqual([at('new', 'deeper', 'c.ts')])
  })

  it('sees a file go', async () => {
    writeFileSync(at('a.ts'), '1')
    follow(folder)
    const changed = nextChange()
    rmSync(at('a.ts'))
    expect(await changed).toEqual([at('a.ts')])
  })

  it('leaves out dot files, node_modules, the files of editors and the neighbours of a watched file', async () => {
    mkdirSync(at('node_modules'))
    mkdirSync(at('tools'))
    writeFileSync(at('config.yaml'), '1')
    follow(at('tools'), at('config.yaml'))
    const changed = nextChange()
    writeFileSync(at('node_modules', 'x.js'), '1')
    writeFileSync(at('neighbour.ts'), '1')
    writeFileSync(at('tools', '.hidden.ts'), '1')
    writeFileSync(at('tools', 'a.ts~'), '1')
    writeFileSync(at('tools', 'a.ts'), '1')
    expect(await changed).toEqual([at('tools', 'a.ts')])
  })

  it('keeps what changes during the work for one more turn', async () => {
    const file = at('a.ts')
    writeFileSync(file, '1')
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let turns = 0
    const second = new Promise<void>((resolve) => {
      watch = watchFiles({
        paths: () => [file],
        quietMs: 10,
        onChange: async () => {
          turns++
          if (turns === 1) {
            writeFileSync(file, '3')
            release()
          } else resolve()
        },
      })
    })
    writeFileSync(file, '2')
    await held
    await second
    expect(turns).toBe(2)
  })
})
