import { reserveStdout } from '../../../src/edge/stdio/reserve-stdout.ts'
import { serveStdio } from '../../../src/edge/stdio/serve-stdio.ts'
import { holder } from '../../fixtures/engine.ts'
import { createRawEngine } from './raw-server.ts'

/** The server under test over stdio, as a process of its own. */
const write = reserveStdout()
await serveStdio(
  createRawEngine().engine,
  { principal: holder('ann', 'user'), isValid: () => true },
  { input: process.stdin, write },
)
process.exit(0)
