import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What lies in a skill: names below its folder, with `/` between them. */
export interface SkillFolder {
  /** Names of the folders from the root to the skill. */
  readonly segments: readonly string[]
  readonly files: readonly string[]
  readonly folders: readonly string[]
}

/** What was found; a problem names the path, from the root, and says what is wrong there. */
export interface FoundSkills {
  readonly skills: readonly SkillFolder[]
  readonly problems: readonly string[]
}

const MANIFEST = 'SKILL.md'
const MAX_DEPTH = 16
/** A folder that is no folder of skills at all, such as a home, is told instead of being read through. */
const MAX_ENTRIES = 50_000

/**
 * Finds every folder with a SKILL.md, at any depth. Names that begin with a dot are passed over. Links and other special
 * files are problems: what they lead to may lie anywhere.
 */
export async function findSkillFolders(root: string, signal: AbortSignal): Promise<FoundSkills> {
  const walk: Walk = { root, signal, skills: [], problems: [], entries: 0 }
  await visit(walk, [], undefined)
  return walk
}

interface OpenSkill extends SkillFolder {
  readonly files: string[]
  readonly folders: string[]
}

interface Walk {
  readonly root: string
  readonly signal: AbortSignal
  readonly skills: OpenSkill[]
  readonly problems: string[]
  entries: number
}

async function visit(walk: Walk, path: readonly string[], within: OpenSkill | undefined): Promise<void> {
  const children = await list(join(walk.root, ...path), walk.signal)
  walk.entries += children.length
  if (walk.entries > MAX_ENTRIES) throw new Error(`it holds more than ${MAX_ENTRIES} files`)
  const skill = children.some(({ name }) => name === MANIFEST) ? begin(walk, path, within) : within
  for (const child of children) await take(walk, child, { path: [...path, child.name], skill })
}

function begin(walk: Walk, path: readonly string[], within: OpenSkill | undefined): OpenSkill | undefined {
  if (path.length === 0) walk.problems.push(`${MANIFEST}: it must lie in a folder of the skill's own.`)
  else if (within !== undefined) walk.problems.push(`${path.join('/')}: a skill may not lie within another one.`)
  else {
    const skill: OpenSkill = { segments: path, files: [], folders: [] }
    walk.skills.push(skill)
    return skill
  }
  return within
}

interface At {
  readonly path: readonly string[]
  readonly skill: OpenSkill | undefined
}

async function take(walk: Walk, child: Dirent, { path, skill }: At): Promise<void> {
  const below = skill === undefined ? '' : path.slice(skill.segments.length).join('/')
  if (child.isFile()) skill?.files.push(below)
  else if (!child.isDirectory()) walk.problems.push(`${path.join('/')}: links and special files are not served.`)
  else if (path.length > MAX_DEPTH) walk.problems.push(`${path.join('/')}: folders are nested too deep.`)
  else {
    skill?.folders.push(below)
    await visit(walk, path, skill)
  }
}

async function list(path: string, signal: AbortSignal): Promise<readonly Dirent[]> {
  signal.throwIfAborted()
  const children = await readdir(path, { withFileTypes: true })
  return children.filter(({ name }) => !name.startsWith('.')).sort((a, b) => (a.name < b.name ? -1 : 1))
}
