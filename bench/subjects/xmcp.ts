import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { nodeBinary } from '../process/node-binary.ts'
import { silence } from './script-subject.ts'
import type { Subject } from './subject.ts'

const modules = fileURLToPath(new URL('../peers/node_modules', import.meta.url))

/** xmcp compiles a project with one file for each tool, and bakes the port into what it builds. */
export const xmcp: Subject = {
  name: 'xmcp',
  packageName: 'xmcp',
  isPeer: true,
  form: 'modern',
  servedBy: 'its own production build',
  prepare: async ({ tools, port, directory }) => {
    await writeProject(directory, tools, port)
    const { stdout } = await promisify(execFile)(nodeBinary, [join(modules, 'xmcp/dist/cli.js'), 'build'], {
      cwd: directory,
      env: { ...process.env, ...silence },
      timeout: 180_000,
    })
    const built = join(directory, 'dist/http.js')
    // Its compiler ends with 0 when it could not compile.
    if (!existsSync(built)) throw new Error(`xmcp did not build: ${stdout.slice(-500)}`)
    return {
      launch: { args: [built], directory, env: silence },
      target: { port, path: '/mcp', form: 'modern', legacyVersion: '2025-11-25', headers: {} },
    }
  },
}

async function writeProject(directory: string, tools: number, port: number): Promise<void> {
  await mkdir(join(directory, 'src/tools'), { recursive: true })
  await symlink(modules, join(directory, 'node_modules'), 'dir')
  await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'bench', version: '1.0.0' }))
  await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(compilerOptions))
  const http = { port, host: '127.0.0.1', endpoint: '/mcp', debug: false }
  const config = { http, paths: { tools: './src/tools', prompts: false, resources: false } }
  await writeFile(join(directory, 'xmcp.config.ts'), `export default ${JSON.stringify(config)}\n`)
  for (let index = 1; index <= tools; index++) {
    const name = index === tools ? 'add' : `add_${index}`
    // Files are loaded by name: this one keeps `add` the last.
    const file = index === tools ? 'zz-add.ts' : `${name}.ts`
    await writeFile(join(directory, 'src/tools', file), toToolFile(name))
  }
}

const compilerOptions = {
  compilerOptions: {
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    strict: true,
    skipLibCheck: true,
  },
  include: ['src', 'xmcp.config.ts'],
}

function toToolFile(name: string): string {
  return `import { z } from 'zod'

export const schema = { a: z.number().describe('First number'), b: z.number().describe('Second number') }
export const outputSchema = { sum: z.number().describe('The sum of both') }
export const metadata = { name: '${name}', description: 'Adds two numbers, as ${name}.' }

export default function add({ a, b }: { a: number; b: number }) {
  const structuredContent = { sum: a + b }
  return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent }
}
`
}
