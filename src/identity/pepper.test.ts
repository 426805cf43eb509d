import { execFile } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fixedPepper, openPepper } from './pepper.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolgate-pepper-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = promisify(execFile)
const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('the pepper', () => {
  it('is not made by being read', () => {
    const directory = join(folder, 'storage')
    expect(openPepper({ directory, environment: {} }).read()).toBeUndefined()
    expect(existsSync(directory)).toBe(false)
  })

  it('is made once: 32 bytes that only the owner can read, in a folder that only the owner can enter', () => {
    const directory = join(folder, 'a', 'storage')
    const made = openPepper({ directory, environment: {} }).readOrCreate()
    expect(made).toHaveLength(32)
    expect(modeOf(join(directory, 'pepper'))).toBe(0o600)
    expect(modeOf(directory)).toBe(0o700)
    expect(readdirSync(directory)).toEqual(['pepper'])
    const again = openPepper({ directory, environment: {} })
    expect(again.readOrCreate()).toEqual(made)
    expect(again.read()).toEqual(made)
  })

  it('is seen as soon as another process has made it', () => {
    const waiting = openPepper({ directory: folder, environment: {} })
    expect(waiting.read()).toBeUndefined()
    const made = openPepper({ directory: folder, environment: {} }).readOrCreate()
    expect(waiting.read()).toEqual(made)
  })

  it('is the same for many processes that make it at once', async () => {
    const directory = join(folder, 'storage')
    const script = `
      const { openPepper } = await import(${JSON.stringify(new URL('./pepper.ts', import.meta.url).href)})
      while (Date.now() < Number(process.argv[1]));
      process.stdout.write(Buffer.from(openPepper({ directory: process.argv[2] }).readOrCreate()).toString('hex'))`
    const start = String(Date.now() + 1_500)
    const loader = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => run(process.execPath, [...loader, start, directory], { env: {} })),
    )
    expect(new Set(answers.map(({ stdout }) => stdout)).size).toBe(1)
    expect(answers[0]?.stdout).toMatch(/^[0-9a-f]{64}$/)
    expect(readdirSync(directory)).toEqual(['pepper'])
  })

  it.each([0o640, 0o604, 0o660, 0o622])('is refused when others may use it (mode %o)', (mode) => {
    openPepper({ directory: folder, environment: {} }).readOrCreate()
    chmodSync(join(folder, 'pepper'), mode)
    expect(() => openPepper({ directory: folder, environment: {} }).read()).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED', hint: expect.stringContaining('chmod 600') }),
    )
  })

  it('is refused when it is damaged, and never replaced', () => {
    const file = join(folder, 'pepper')
    writeFileSync(file, 'short', { mode: 0o600 })
    const pepper = openPepper({ directory: folder, environment: {} })
    expect(() => pepper.readOrCreate()).toThrow(expect.objectContaining({ code: 'STORAGE_FAILED' }))
    expect(readFileSync(file, 'utf8')).toBe('short')
  })

  it('says what to do when it cannot be made or read', () => {
    writeFileSync(join(folder, 'file'), '')
    const inFile = openPepper({ directory: join(folder, 'file', 'storage'), environment: {} })
    expect(inFile.read()).toBeUndefined()
    expect(() => inFile.readOrCreate()).toThrow(
      expect.objectContaining({ code: 'STORAGE_FAILED', hint: expect.stringContaining('TOOLGATE_PEPPER') }),
    )
    mkdirSync(join(folder, 'pepper'))
    expect(() => openPepper({ directory: folder, environment: {} }).read()).toThrow()
  })

  it('comes from the environment where it is given there, and then no file is made', () => {
    const bytes = Buffer.alloc(40, 9)
    const environment = { TOOLGATE_PEPPER: bytes.toString('base64') }
    const pepper = openPepper({ directory: folder, environment })
    expect(pepper.read()).toEqual(bytes)
    expect(pepper.readOrCreate()).toEqual(bytes)
    expect(readdirSync(folder)).toEqual([])
  })

  it.each(['AAAA', 'not base64!'.repeat(10), Buffer.alloc(31).toString('base64')])(
    'is refused from the environment when it is "%s"',
    (value) => {
      expect(() => openPepper({ directory: folder, environment: { TOOLGATE_PEPPER: value } })).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', hint: expect.stringContaining('openssl') }),
      )
    },
  )

  it('can be one that is known already', () => {
    const bytes = Buffer.alloc(32)
    expect(fixedPepper(bytes).read()).toBe(bytes)
    expect(fixedPepper(bytes).readOrCreate()).toBe(bytes)
  })
})
