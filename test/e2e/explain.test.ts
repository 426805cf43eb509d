import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { endAll, makeFolder, runCli, spawnCli } from './cli-process.ts'

const example = fileURLToPath(new URL('../../examples/explain/', import.meta.url))
const folder = makeFolder()
const cwd = join(folder.path, 'invoices')
cpSync(example, cwd, { recursive: true, filter: (path) => !path.endsWith('.toolgate') })

afterAll(async () => {
  await endAll()
  folder.remove()
})

const explain = (...words: string[]): ReturnType<typeof runCli> => runCli(['explain', ...words], { cwd })
const pay = ['--tool', 'invoice_pay', '--args', '{"id":"1"}']
const golden = (name: string): string => readFileSync(join(example, name), 'utf8')

it('says why a call is denied, what would permit it, and what each guard would do; nothing is written', async () => {
  const before = readdirSync(cwd, { recursive: true })
  const { code, out, err } = await spawnCli(['explain', '--as', 'clerk', ...pay], { cwd })
  expect({ code, err }).toEqual({ code: 4, err: '' })
  expect(out).toBe(golden('denied.txt'))
  expect(readdirSync(cwd, { recursive: true })).toEqual(before)
})

it('says by which rule a call is permitted, and where each limit is said', async () => {
  const { code, out, err } = await explain('--as', 'cashier', ...pay)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toBe(golden('permitted.txt'))
  const together = await explain('--as', 'reader,clerk', '--as', 'cashier', ...pay)
  expect(together.out).toContain('as role reader, clerk, cashier')
})

it('is permitted by the rules and refused for its arguments', async () => {
  const { code, out } = await explain('--as', 'reader', '--tool', 'invoice_get')
  expect(code).toBe(0)
  expect(out).toMatch(/^permitted by role reader: .+, but refused by input: INVALID_INPUT\n/)
})

it('takes a key by its name or public id, and says when it has expired', async () => {
  const made = await runCli(['keys', 'new', '--name', 'ci', '--role', 'clerk', '--json'], { cwd })
  const { id, key } = JSON.parse(made.out)
  for (const who of ['ci', 'key:ci', id, `tg_${id}`, key]) {
    const { code, out } = await explain('--as', who, ...pay)
    expect([code, out]).toEqual([4, expect.stringContaining('as key ci (roles clerk)')])
  }
  const {
    hash: _,
    key: __,
    ...stored
  } = JSON.parse(
    (await runCli(['keys', 'new', '--name', 'old', '--role', 'cashier', '--no-store', '--json'], { cwd })).out,
  )
  const keys = [{ ...stored, createdAt: undefined, hash: '0'.repeat(64), expiresAt: '2020-01-01T00:00:00Z' }]
  const config = readFileSync(join(cwd, 'toolgate.yaml'), 'utf8')
  const other = join(folder.path, 'invoices', 'expired.yaml')
  writeFileSync(other, config.replace('access:\n', `access:\n  keys: ${JSON.stringify(keys)}\n`))
  const expired = await explain('--config', other, '--as', 'old', ...pay)
  expect(expired.err).toBe('')
  expect(expired.out).toMatch(
    /^denied: the key has expired \(2020-01-01T00:00:00.000Z\); beside that permitted by role/,
  )
  expect(expired.code).toBe(4)
})

it('tells a key from a role of the same name only when asked which', async () => {
  await runCli(['keys', 'new', '--name', 'reader', '--role', 'clerk'], { cwd })
  const unclear = await explain('--as', 'reader', ...pay)
  expect([unclear.code, unclear.err]).toEqual([2, expect.stringContaining('Write key:reader or role:reader.')])
  expect((await explain('--as', 'key:reader', ...pay)).out).toContain('as key reader (roles clerk)')
  expect((await explain('--as', 'role:reader', ...pay)).out).toContain('as role reader,')
})

it('names what was probably meant', async () => {
  const who = await explain('--as', 'cashiers', ...pay)
  expect([who.code, who.err]).toEqual([2, expect.stringContaining('Did you mean `cashier`?')])
  const what = await explain('--as', 'clerk', '--tool', 'invoice_gett')
  expect([what.code, what.err]).toEqual([4, 'Did you mean `invoice_get`?\n'])
  expect(what.out).toMatch(/^denied: there is no tool invoice_gett\n/)
  expect((await explain('--as', 'local', ...pay)).err).toContain('lets no local caller in')
  expect((await explain('--as', 'clerk')).code).toBe(2)
  expect((await explain('--as', 'clerk', '--tool', 'a', '--prompt', 'b')).code).toBe(2)
  const secret = await explain('--as', 'tg_unknown_SECRETSECRET', ...pay)
  expect(secret.err).not.toContain('SECRET')
})

it('prints the same as JSON, and no character that a terminal would obey', async () => {
  const name = 'x\u001b[2J\u202e\u009b'
  const shown = await explain('--as', 'clerk', '--tool', name)
  const asJson = await explain('--as', 'clerk', '--tool', name, '--json')
  for (const treacherous of ['\u001b', '\u202e', '\u009b']) expect(shown.out + asJson.out).not.toContain(treacherous)
  expect(JSON.parse(asJson.out).guards[1].says).toBe(`there is no tool ${name}`)
  expect(JSON.parse((await explain('--as', 'clerk', ...pay, '--json')).out)).toMatchObject({
    principal: { roles: ['clerk'], isExpired: false },
    decision: { decision: 'deny', rule: 'role clerk: allow name invoice_*', missing: ['billing:pay'], reason: 'scope' },
    toPermit: ['let role clerk grant the scope billing:pay', 'or give the role cashier too, which is enough'],
  })
})
