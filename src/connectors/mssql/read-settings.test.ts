import { describe, expect, it } from 'vitest'
import { ToolgateError } from '../../errors.ts'
import { readSettings } from './read-settings.ts'

const pool = { max: 4, reserved: 1, connectTimeoutMs: 5000, idleMs: 60_000 }
const read = (url: string) => readSettings({ url, tls: { mode: 'verify' }, pool })

describe('the URL of a SQL Server', () => {
  it('says where it is and who logs in', () => {
    expect(read('mssql://reader:p%40ss%2Fw@db.example:1444/shop')).toMatchObject({
      host: 'db.example',
      port: 1444,
      user: 'reader',
      password: 'p@ss/w',
      database: 'shop',
      tls: { mode: 'encrypted' },
      pool: { max: 4, reserved: 1, idleMs: 60_000, acquireMs: 5000, connectMs: 5000 },
    })
    expect(read('mssql://reader:x@db.example/shop')).not.toHaveProperty('port')
    expect(read('mssql://reader:x@[::1]/shop').host).toBe('::1')
  })

  it.each([
    ['mssql://reader:hunter2@db.example/shop?encrypt=false', /has parameters/],
    ['mssql://reader:hunter2@db.example/shop?trustServerCertificate=true', /has parameters/],
    ['mssql://db.example/shop', /names no host or login/],
    ['mssql://reader:hunter2@db.example', /names no database/],
    ['mssql://reader:hunter2%zz@db.example/shop', /cannot be read/],
    ['mssql://reader:hunter2@db.example:99999/shop', /cannot be read/],
  ])('that is wrong is refused without being quoted: %s', (url, why) => {
    const refusal = ((): unknown => {
      try {
        return read(url)
      } catch (thrown) {
        return thrown
      }
    })()
    expect(refusal).toBeInstanceOf(ToolgateError)
    expect((refusal as ToolgateError).message).toMatch(why)
    expect(JSON.stringify([refusal, String((refusal as ToolgateError).message)])).not.toContain('hunter2')
  })
})
