import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ensureBuilt } from './ensure-built.ts'
import { launch } from './measure-load.ts'
import { startGenerator } from './process/generator.ts'
import { toolgate, toolgateSession } from './subjects/toolgate.ts'

/**
 * Says where Toolgate's CPU goes under load: `npx tsx bench/profile-toolgate.ts [--session] [--seconds 6]` prints the
 * functions with the most self time, and the same added up by file.
 */
const { values } = parseArgs({
  options: {
    session: { type: 'boolean' },
    seconds: { type: 'string', default: '6' },
    top: { type: 'string', default: '30' },
  },
})
const root = fileURLToPath(new URL('..', import.meta.url))

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

ensureBuilt()
const { profile, answers } = await record()
const { byFunction, byFile, totalUs } = addUp(profile)
process.stdout.write(
  `${(totalUs / answers).toFixed(1)} µs a call on the serving thread, start and profiler included\n\n`,
)
process.stdout.write(`${toLines(byFunction, totalUs, Number(values.top))}\n\n${toLines(byFile, totalUs, 20)}\n`)

async function record(): Promise<{ profile: CpuProfile; answers: number }> {
  const parent = fileURLToPath(new URL('./.generated', import.meta.url))
  await mkdir(parent, { recursive: true })
  const directory = await mkdtemp(join(parent, 'profile-'))
  const generator = startGenerator()
  try {
    const bench = { generator, directory, say: () => undefined }
    const subject = values.session ? toolgateSession : toolgate
    const { running } = await launch(bench, subject, ['--cpu-prof', '--cpu-prof-dir', directory])
    const report = await generator.load(Number(values.seconds) * 1000)
    process.stdout.write(`${report.answers} calls answered, ${report.faults} wrongly\n`)
    await running.stop()
    const files = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'))
    const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')))
    // Threads write profiles of their own; the largest is the one that served.
    const largest = texts.sort((a, b) => b.length - a.length)[0]
    if (largest === undefined) throw new Error('the subject ended without writing a profile')
    return { profile: JSON.parse(largest) as CpuProfile, answers: report.answers }
  } finally {
    await generator.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

function addUp(recorded: CpuProfile): {
  byFunction: Map<string, number>
  byFile: Map<string, number>
  totalUs: number
} {
  const frames = new Map(recorded.nodes.map((node) => [node.id, node.callFrame]))
  const byFunction = new Map<string, number>()
  const byFile = new Map<string, number>()
  let totalUs = 0
  recorded.samples.forEach((id, index) => {
    const us = recorded.timeDeltas[index] ?? 0
    const frame = frames.get(id)
    if (frame === undefined || frame.functionName === '(idle)') return
    totalUs += us
    const file = frame.url.startsWith('file:') ? relative(root, fileURLToPath(frame.url)) : frame.url || '(native)'
    add(byFunction, `${frame.functionName || '(anonymous)'} ${file}:${frame.lineNumber + 1}`, us)
    add(byFile, file, us)
  })
  return { byFunction, byFile, totalUs }
}

function add(sums: Map<string, number>, name: string, us: number): void {
  sums.set(name, (sums.get(name) ?? 0) + us)
}

function toLines(sums: Map<string, number>, totalUs: number, top: number): string {
  return [...sums]
    .sort(([, a], [, b]) => b - a)
    .slice(0, top)
    .map(([name, us]) => `${((us / totalUs) * 100).toFixed(1).padStart(5)} %  ${name}`)
    .join('\n')
}
