import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { authorize, FormBrowser, type Lab, startLab } from '../fixtures/authorization-lab.ts'
import { newerNode, SUITE } from './official-tools.ts'

/** The suite's scenarios for authorization servers. */
export const AUTHORIZATION_SCENARIOS: readonly string[] = [
  'authorization-server-metadata-endpoint',
  'authorization-code-grant',
]

const SUITE_TIMEOUT_MS = 60_000

/**
 * Runs them, all in one run as they build on each other, against the embedded authorization server. The suite prints the address at which a user is to sign in; here a
 * browser without a screen goes there and agrees. Results are in `directory`.
 */
export async function runAuthorization(directory: string, isVerbose: boolean): Promise<void> {
  const lab = await startLab()
  try {
    await lab.addUser('ada')
    const port = await freePort()
    const place = ['--url', lab.url, '--client-id', 'cli', '--resource', `${lab.issuer}/mcp`, '-p', String(port)]
    await runSuite(lab, [SUITE, 'authorization', ...place, '-o', directory], isVerbose)
  } finally {
    await lab.stop()
  }
}

function runSuite(lab: Lab, args: readonly string[], isVerbose: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const suite = spawn(newerNode(), args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: SUITE_TIMEOUT_MS })
    let output = ''
    let isSignedIn = false
    for (const stream of [suite.stdout, suite.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (isVerbose) process.stdout.write(text)
        const asked = /https?:\/\/\S+\/oauth\/authorize\?\S+/.exec(output)?.[0]
        if (asked === undefined || isSignedIn) return
        isSignedIn = true
        signIn(lab, asked).catch(reject)
      })
    }
    suite.once('error', reject)
    suite.once('close', () => resolve())
  })
}

async function signIn(lab: Lab, asked: string): Promise<void> {
  const callback = await authorize(lab, { path: asked, browser: new FormBrowser(lab.url) })
  await fetch(callback)
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
