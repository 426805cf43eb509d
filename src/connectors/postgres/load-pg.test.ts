import { expect, it } from 'vitest'
import { loadPg } from './load-pg.ts'

it('says how to install the driver where it is missing', async () => {
  const missing = loadPg(() => Promise.reject(new Error('Cannot find package')))
  await expect(missing).rejects.toMatchObject({ code: 'CONNECTOR_FAILED', hint: 'Install it: npm install pg@8' })
})
