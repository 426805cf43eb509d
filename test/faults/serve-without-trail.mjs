// The same server without an audit trail, for what the trail costs: `node serve-without-trail.mjs`, config in the folder.
import { createApp, loadConfig } from 'toolgate'

const trail = { isWritable: true, append() {}, record() {}, async flush() {}, async close() {} }
const config = await loadConfig('toolgate.yaml', { env: process.env, cwd: process.cwd() })
const app = await createApp(config, { auditTrail: trail })
const { url } = await app.listen({ port: 0 })
process.stdout.write(`${JSON.stringify({ event: 'listening', url })}\n`)
process.once('SIGTERM', async () => {
  await app.close()
  process.exit(0)
})
