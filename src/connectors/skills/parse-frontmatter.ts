import { isUtf8 } from 'node:buffer'
import { isDeepStrictEqual } from 'node:util'
import { parseDocument } from 'yaml'
import type { SkillEntry } from '../../capabilities/skill.ts'

/** The names that the Agent Skills specification allows. */
export const SKILL_NAME: RegExp = /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/

const HEAD = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/
const MAX_DESCRIPTION = 1024

/**
 * Reads the YAML at the head of a SKILL.md as JSON. Throws an `Error` whose message says what is wrong with the file:
 * not UTF-8, no head, not a mapping, no name or description, or something that JSON cannot say.
 */
export function parseFrontmatter(bytes: Uint8Array): SkillEntry['frontmatter'] {
  if (!isUtf8(bytes)) throw new Error('it is not text in UTF-8')
  const head = HEAD.exec(Buffer.from(bytes).toString('utf8'))?.[1]
  if (head === undefined) throw new Error('it does not begin with frontmatter between two lines of ---')
  const value = parseYaml(head)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('its frontmatter is not a mapping')
  }
  const { name, description } = value as Record<string, unknown>
  if (typeof name !== 'string' || !SKILL_NAME.test(name)) {
    throw new Error('its frontmatter needs a `name` of at most 64 lower-case letters, digits and single hyphens')
  }
  if (typeof description !== 'string' || description.trim() === '' || description.length > MAX_DESCRIPTION) {
    throw new Error(`its frontmatter needs a \`description\` of at most ${MAX_DESCRIPTION} characters`)
  }
  return value as SkillEntry['frontmatter']
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, { schema: 'core', prettyErrors: false })
  const [first] = document.errors
  if (first !== undefined) throw new Error(`its frontmatter is not YAML: ${first.message}`)
  // Aliases can blow a few lines up to gigabytes, and hosts that compare the head refuse them too.
  const value: unknown = withoutAliases(() => document.toJS({ maxAliasCount: 0 }))
  const json = JSON.stringify(value) ?? 'null'
  if (json.includes('"__proto__":') || !isDeepStrictEqual(JSON.parse(json), value)) {
    throw new Error('its frontmatter holds something that JSON cannot say')
  }
  return value
}

function withoutAliases<T>(read: () => T): T {
  try {
    return read()
  } catch {
    throw new Error('its frontmatter uses YAML aliases, which are not read')
  }
}
