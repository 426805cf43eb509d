import { describe, expect, it } from 'vitest'
import { checkPrivileges, type PrivilegeFinding, type PrivilegeReport } from './privilege-report.ts'

const refused: PrivilegeFinding = { severity: 'refuse', code: 'superuser', message: 'It is a superuser.' }
const warned: PrivilegeFinding = { severity: 'warn', code: 'can-write', message: 'It may write.', tables: ['a', 'b'] }
const report = (...findings: readonly PrivilegeFinding[]): PrivilegeReport => ({
  login: 'app',
  server: 'any',
  findings,
  remedy: ['CREATE ROLE reader;'],
})

describe('a login that can do too much', () => {
  it('stops the start, with the statements that make a better one', () => {
    expect(() => checkPrivileges('shop', report(warned, refused), false)).toThrow(
      expect.objectContaining({
        code: 'CONNECTOR_FAILED',
        message: expect.stringMatching(/login app of "shop".*superuser/),
        hint: expect.stringContaining('CREATE ROLE reader;'),
      }),
    )
  })

  it('is a warning for each finding where it is allowed or mild, with the statements once', () => {
    expect(checkPrivileges('shop', report(), false)).toEqual([])
    expect(checkPrivileges('shop', report(refused), true)).toHaveLength(1)
    const warnings = checkPrivileges('shop', report(warned, warned), false)
    expect(warnings.map(({ message }) => message)).toEqual(Array(2).fill(expect.stringContaining('(a, b)')))
    expect(warnings.filter(({ hint }) => hint?.includes('CREATE ROLE'))).toHaveLength(1)
  })
})
