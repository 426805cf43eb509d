import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Skill, SkillChild, SkillEntry } from '../../capabilities/skill.ts'
import type { SkillFolder } from './find-skill-folders.ts'
import { mimeTypeOf } from './mime-type-of.ts'
import { parseFrontmatter, SKILL_NAME } from './parse-frontmatter.ts'
import { readRegularFile } from './read-regular-file.ts'

/** A file of a skill, and what it must still be when it is read. */
export interface SkillFile {
  readonly path: string
  readonly uri: string
  readonly digest: string
  readonly size: number
  readonly mimeType: string
}

/** A skill with its files by URI. Their contents stay on disk. */
export interface ReadSkill {
  readonly skill: Skill
  readonly files: ReadonlyMap<string, SkillFile>
}

/** What every host has to accept (SEP-2640); more of either is refused. */
const MAX_FILES = 512
const MAX_BYTES = 16 * 1024 * 1024
const MANIFEST = 'SKILL.md'

/** Reads one skill: hashes its files, parses its head. Rejects with an `Error` that says what is wrong with it. */
export async function readSkill(root: string, prefix: string, folder: SkillFolder): Promise<ReadSkill> {
  const { segments } = folder
  const wrong = segments.find((segment) => !SKILL_NAME.test(segment))
  if (wrong !== undefined) {
    throw new Error(`the folder ${wrong} needs a name of lower-case letters, digits and single hyphens.`)
  }
  if (folder.files.length > MAX_FILES) {
    throw new Error(`it has ${folder.files.length} files; a skill has at most ${MAX_FILES}.`)
  }
  const base = `skill://${[prefix, ...segments].filter((segment) => segment !== '').join('/')}`
  const { files, manifest } = await readFiles(join(root, ...segments), base, folder.files)
  const frontmatter = toFrontmatter(manifest)
  const name = segments.at(-1)
  if (frontmatter.name !== name) {
    throw new Error(`its name is ${frontmatter.name}, but its folder is ${name}: both must be the same.`)
  }
  const uri = `${base}/${MANIFEST}`
  const resources = [...files.values()].map(({ uri, digest, size }) => ({ uri, digest, size })).sort(byUri)
  const directories = listDirectories(base, folder, files)
  return { skill: { entry: { uri, frontmatter, resources }, directories }, files }
}

async function readFiles(
  folder: string,
  base: string,
  names: readonly string[],
): Promise<{ files: ReadonlyMap<string, SkillFile>; manifest: Uint8Array }> {
  const files = new Map<string, SkillFile>()
  let left = MAX_BYTES
  let manifest: Uint8Array = new Uint8Array()
  for (const name of names) {
    const path = join(folder, ...name.split('/'))
    const bytes = await readWithin(path, name, left)
    left -= bytes.length
    if (name === MANIFEST) manifest = bytes
    const uri = uriOf(base, name)
    files.set(uri, { path, uri, digest: digestOf(bytes), size: bytes.length, mimeType: mimeTypeOf(name) })
  }
  return { files, manifest }
}

async function readWithin(path: string, name: string, left: number): Promise<Buffer> {
  try {
    return await readRegularFile(path, left)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const limit = `A skill has at most ${MAX_BYTES} bytes in all.`
    throw new Error(`${name} cannot be read: ${why}. ${limit}`, { cause })
  }
}

function toFrontmatter(manifest: Uint8Array): SkillEntry['frontmatter'] {
  try {
    return parseFrontmatter(manifest)
  } catch (cause) {
    throw new Error(`${MANIFEST} cannot be used: ${(cause as Error).message}.`, { cause })
  }
}

/** The digest as SEP-2640 writes it. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The URI of a file or folder below `base`. A name that no URI can carry unchanged is an `Error`. */
function uriOf(base: string, name: string): string {
  const uri = [base, ...name.split('/').map(encodeURIComponent)].join('/')
  if (URL.canParse(uri) && new URL(uri).href === uri) return uri
  throw new Error(`the name ${JSON.stringify(name)} cannot stand in a URI.`)
}

function listDirectories(
  base: string,
  folder: SkillFolder,
  files: ReadonlyMap<string, SkillFile>,
): ReadonlyMap<string, readonly SkillChild[]> {
  const directories = new Map<string, SkillChild[]>([[base, []]])
  const add = (name: string, child: SkillChild): void => {
    const parent = name.includes('/') ? uriOf(base, name.slice(0, name.lastIndexOf('/'))) : base
    directories.get(parent)?.push(child)
  }
  for (const name of folder.folders) {
    const uri = uriOf(base, name)
    directories.set(uri, [])
    add(name, { uri, name: lastOf(name), mimeType: 'inode/directory' })
  }
  for (const name of folder.files) {
    const uri = uriOf(base, name)
    const { mimeType, size } = files.get(uri) as SkillFile
    add(name, { uri, name: lastOf(name), mimeType, size })
  }
  for (const children of directories.values()) children.sort(byUri)
  return directories
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1)
}

function byUri(a: { readonly uri: string }, b: { readonly uri: string }): number {
  return a.uri < b.uri ? -1 : 1
}
