import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { INSPECTOR, installOfficialTools, newerNode } from '../conformance/official-tools.ts'
import { REPOSITORY, type RunningServer, serveCommand, startConformanceServer } from '../conformance/start-server.ts'

interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const INSTALLATION_MS = 180_000

let missing: string | undefined
let server: RunningServer
let home = ''

beforeAll(async () => {
  missing = installOfficialTools()
  if (missing !== undefined && process.env.CI !== undefined) throw new Error(missing)
  home = mkdtempSync(join(tmpdir(), 'inspector-home-'))
  server = await startConformanceServer()
}, INSTALLATION_MS)

afterAll(async () => {
  rmSync(home, { recursive: true, force: true })
  expect(await server.stop()).toBe(0)
})

// Without a registry the Inspector cannot be had; the note says which command brings it. In CI that is a failure.
beforeEach((context) => context.skip(missing !== undefined, missing))

describe.each(['modern', 'legacy'])('the official Inspector over HTTP, %s era', (era) => {
  const over = (...args: string[]): Promise<Answer> => inspect(server.url, '--protocol-era', era, ...args)

  test('lists the tools', async () => {
    const { tools } = parse(await over('--method', 'tools/list')) as { tools: { name: string }[] }
    expect(tools.map((tool) => tool.name)).toEqual(expect.arrayContaining(['add', 'hang', 'test_simple_text']))
  })

  test('finds no schema that other clients could not read', async () => {
    const { code, stderr } = await over('--method', 'tools/list', '--strict')
    expect(code, stderr).toBe(0)
  })

  test('calls a tool over and over, with no error among the answers', async () => {
    const load = ['--load', '--load-duration', '1', '--load-concurrency', '2']
    const answer = await over(...load, '--method', 'tools/call', '--tool-name', 'add', '--tool-arg', 'a=2', 'b=3')
    const { requests, ok } = parse(answer) as { requests: number; ok: number }
    expect(requests).toBeGreaterThan(0)
    expect(ok).toBe(requests)
  })

  test('calls a tool', async () => {
    const result = parse(await over('--method', 'tools/call', '--tool-name', 'add', '--tool-arg', 'a=2', 'b=3'))
    expect(result).toMatchObject({ structuredContent: { sum: 5 } })
  })

  test('reads a resource and gets a prompt', async () => {
    const resource = parse(await over('--method', 'resources/read', '--uri', 'test://static-text'))
    expect(resource).toMatchObject({ contents: [{ uri: 'test://static-text', mimeType: 'text/plain' }] })
    const name = ['--prompt-name', 'test_prompt_with_arguments', '--prompt-args', 'arg1=x', 'arg2=y']
    const prompt = parse(await over('--method', 'prompts/get', ...name))
    expect(prompt).toMatchObject({ messages: [{ content: { text: "Prompt with arguments: arg1='x', arg2='y'" } }] })
  })

  test('lists the skills and finds every digest to be right', async () => {
    const { code, stdout, stderr } = await over('--method', 'skills/list', '--verify', '--require-digests')
    expect(code, stderr).toBe(0)
    const reports = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(reports).toMatchObject([
      { uri: 'skill://code-review/SKILL.md', outcome: 'verified', files: { length: 3 } },
      { uri: 'skill://release-notes/SKILL.md', outcome: 'verified', files: { length: 2 } },
    ])
  })

  test('finds the page of a tool, its policy and who may call it', async () => {
    const { appInfo } = parse(await over('--app-info', '--method', 'tools/call', '--tool-name', 'show_clock')) as {
      appInfo: unknown
    }
    expect(appInfo).toMatchObject({
      hasApp: true,
      resourceUri: 'ui://clock/view.html',
      visibility: ['model', 'app'],
      csp: { connectDomains: [] },
      resourceMimeType: 'text/html;profile=mcp-app',
    })
    const plain = await over('--app-info', '--method', 'tools/call', '--tool-name', 'add')
    expect(plain.code).toBe(2)
  })

  test('says that a tool does not exist and shows no inner text of one that fails', async () => {
    const unknown = await over('--method', 'tools/call', '--tool-name', 'no_such_tool')
    expect(unknown.code).toBe(5)
    const leaking = await over('--method', 'tools/call', '--tool-name', 'leak')
    expect(leaking.code).toBe(5)
    expect(leaking.stdout + leaking.stderr).not.toContain('hunter2')
  })
})

test.each(['modern', 'legacy'])('the official Inspector starts the server over stdio, %s era', async (era) => {
  const { command, args } = serveCommand('--stdio')
  const call = ['--method', 'tools/call', '--tool-name', 'add', '--tool-args-json', '{"a":2,"b":40}']
  const answer = await inspect('--protocol-era', era, '--cwd', REPOSITORY, ...call, '--', command, ...args)
  expect(parse(answer)).toMatchObject({ structuredContent: { sum: 42 } })
})

/** Runs the Inspector's command line; its files go to a home of their own. */
function inspect(...args: string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const [before, after] = splitAt(args, '--')
    const child = spawn(newerNode(), [INSPECTOR, '--cli', ...before, '--format', 'json', ...after], {
      cwd: home,
      env: { ...process.env, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

function splitAt(args: readonly string[], separator: string): [readonly string[], readonly string[]] {
  const index = args.indexOf(separator)
  return index === -1 ? [args, []] : [args.slice(0, index), args.slice(index)]
}

function parse({ code, stdout, stderr }: Answer): unknown {
  expect(code, stderr).toBe(0)
  const printed = JSON.parse(stdout) as { result?: unknown }
  return printed.result ?? printed
}
