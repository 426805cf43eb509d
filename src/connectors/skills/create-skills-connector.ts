import { isUtf8 } from 'node:buffer'
import { defineResource, type ResourceDefinition } from '../../capabilities/definition.ts'
import type { ReadResourceResult } from '../../capabilities/protocol.ts'
import { ToolgateError } from '../../errors.ts'
import type { Connector, Offered } from '../connector.ts'
import { type FoundSkills, findSkillFolders } from './find-skill-folders.ts'
import { readRegularFile } from './read-regular-file.ts'
import { digestOf, type ReadSkill, readSkill, type SkillFile } from './read-skill.ts'

/** Where the skills are. */
export interface SkillsConnectorSource {
  readonly name: string
  /** A folder; absolute. */
  readonly path: string
  /** First segment of the skills' URIs. */
  readonly prefix?: string
}

/**
 * Offers the skills of a folder (SEP-2640): each folder with a SKILL.md is one. Everything that is wrong in the folder is
 * told at once. A file is served only while it is what was announced; after a change `reload` announces it anew.
 */
export function createSkillsConnector(source: SkillsConnectorSource): Connector {
  async function load(signal: AbortSignal): Promise<readonly Offered[]> {
    const { skills, problems } = await find(source, signal)
    const offered: Offered[] = []
    const wrong = [...problems]
    for (const folder of skills) {
      signal.throwIfAborted()
      const place = folder.segments.join('/')
      try {
        const read = await readSkill(source.path, source.prefix ?? '', folder)
        offered.push({ definition: toDefinition(read), source: `${place}/SKILL.md` })
      } catch (thrown) {
        wrong.push(`${place}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
      }
    }
    if (wrong.length > 0) throw wrongSkills(source, wrong)
    if (offered.length === 0) throw noSkills(source)
    return offered
  }

  return { name: source.name, connect: load, reload: load, watched: () => [source.path], close: async () => {} }
}

async function find(source: SkillsConnectorSource, signal: AbortSignal): Promise<FoundSkills> {
  try {
    return await findSkillFolders(source.path, signal)
  } catch (cause) {
    throw new ToolgateError({
      code: 'CONNECTOR_FAILED',
      message: `The folder ${source.path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: `Correct the path of the connector "${source.name}", or make the folder and put a skill into it.`,
      cause,
    })
  }
}

function toDefinition({ skill, files }: ReadSkill): ResourceDefinition {
  const { uri, frontmatter } = skill.entry
  const manifest = files.get(uri) as SkillFile
  return defineResource({
    name: frontmatter.name,
    description: frontmatter.description,
    uri,
    mimeType: manifest.mimeType,
    size: manifest.size,
    skill,
    read: (asked) => serveFile(files, asked.href),
  })
}

async function serveFile(files: ReadonlyMap<string, SkillFile>, uri: string): Promise<ReadResourceResult> {
  const file = files.get(uri)
  if (file === undefined) throw new Error(`${uri} is not a file of this skill.`)
  const bytes = await readRegularFile(file.path, file.size)
  // Also against a folder on the way that became a link since: other content than announced is never served.
  if (digestOf(bytes) !== file.digest) throw new Error(`${file.path} is not what was announced; reload to announce it.`)
  const { mimeType } = file
  return {
    contents: [
      isUtf8(bytes)
        ? { uri, mimeType, text: bytes.toString('utf8') }
        : { uri, mimeType, blob: bytes.toString('base64') },
    ],
  }
}

function wrongSkills({ path }: SkillsConnectorSource, wrong: readonly string[]): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The skills in ${path} have mistakes:\n${wrong.map((line) => `- ${line}`).join('\n')}`,
    hint: 'Each skill is a folder of real files with a SKILL.md that begins with its name and description.',
  })
}

function noSkills({ path }: SkillsConnectorSource): ToolgateError {
  return new ToolgateError({
    code: 'CONNECTOR_FAILED',
    message: `The folder ${path} holds no skill.`,
    hint: 'A skill is a folder with a SKILL.md.',
  })
}
