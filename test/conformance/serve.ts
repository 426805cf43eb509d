import { parseArgs } from 'node:util'
import { createConformanceApp } from './create-conformance-app.ts'

/** The conformance server as a command: over HTTP without a key, on loopback alone, or over stdio. */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3200' },
    stdio: { type: 'boolean', default: false },
    'page-size': { type: 'string' },
  },
})

const pageSize = values['page-size']
const app = await createConformanceApp(pageSize === undefined ? {} : { pageSize: Number(pageSize) })

if (values.stdio) {
  await app.serveStdio()
  await end()
} else {
  const { port } = await app.listen({ port: Number(values.port) })
  console.log(`The conformance server is at http://localhost:${port}${app.config.server.path}`)
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

async function end(): Promise<void> {
  await app.close()
  process.exit(0)
}
