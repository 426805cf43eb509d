import { expect, it } from 'vitest'
import { POOL } from '../../../test/fixtures/mysql.ts'
import { loadDriver } from './load-driver.ts'
import type { MysqlTlsOptions } from './options.ts'
import { readTarget } from './target.ts'

const read = (url: string, tls: MysqlTlsOptions = { mode: 'auto' }): ReturnType<typeof readTarget> =>
  readTarget({ name: 'crm', url, tls, pool: POOL })

it('reads every part of a URL, percent-encoded', () => {
  expect(read('mysql://a%40b:p%3Aw%2F@db.example.com:3307/my%20shop')).toMatchObject({
    host: 'db.example.com',
    port: 3307,
    user: 'a@b',
    database: 'my shop',
    options: { password: 'p:w/' },
  })
  expect(read('mariadb://u@[::1]/x')).toMatchObject({ host: '::1', port: 3306 })
  expect(read('mysql://u@localhost/x?socket=/run/mysqld/mysqld.sock').socketPath).toBe('/run/mysqld/mysqld.sock')
})

it('verifies the certificate and the name in it, unless the server is on this machine', () => {
  const verified = { rejectUnauthorized: true, verifyIdentity: true }
  expect(read('mysql://u@db.example.com/x').options.ssl).toEqual(verified)
  expect(read('mysql://u@127.0.0.1.example.com/x').options.ssl).toEqual(verified)
  expect(read('mysql://u@db.example.com/x', { mode: 'auto', ca: 'PEM' }).options.ssl).toEqual({
    ...verified,
    ca: 'PEM',
  })
  expect(read('mysql://u@localhost/x', { mode: 'verify' }).options.ssl).toEqual(verified)
  for (const host of ['localhost', '127.0.0.1', '[::1]'])
    expect(read(`mysql://u@${host}/x`).options.ssl).toBeUndefined()
  expect(read('mysql://u@db.example.com/x', { mode: 'off' }).options.ssl).toBeUndefined()
})

// The driver holds the certificate of an address against the name localhost.
it('verifies no server that is named by its address, and says so', () => {
  expect(() => read('mysql://u@127.0.0.1/x', { mode: 'verify' })).toThrow(/certificate cannot be checked/)
  expect(() => read('mysql://u@10.0.0.7/x')).toThrow(/certificate cannot be checked/)
  expect(() => read('mysql://u@[fd00::7]/x')).toThrow(/certificate cannot be checked/)
})

it('takes no other options in the URL, and never repeats the password', () => {
  for (const url of [
    'mysql://u:hunter2@h/x?multipleStatements=true',
    'mysql://u:hunter2%zz@h/x',
    'mysql://u:hunter2@h:x/',
  ]) {
    let told = ''
    try {
      read(url)
    } catch (thrown) {
      told = String(thrown)
    }
    expect(told).toMatch(/url of "crm" cannot be read/)
    expect(told).not.toContain('hunter2')
  }
})

it('sends no file of this machine and no second statement', () => {
  const { options } = read('mysql://u@h/x')
  expect(options.multipleStatements).toBe(false)
  expect(options.flags).toEqual(['-LOCAL_FILES', '-MULTI_STATEMENTS'])
})

it('says how to install the driver where it is missing', async () => {
  const missing = loadDriver(() => Promise.reject(new Error('Cannot find package')))
  await expect(missing).rejects.toMatchObject({ code: 'CONNECTOR_FAILED', hint: 'npm install mysql2@^3.24.6' })
})
