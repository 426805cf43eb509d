/** One file of a skill, as hosts verify it (SEP-2640). */
export interface SkillResource {
  readonly uri: string
  /** `sha256:` and 64 hex digits, over the raw bytes. */
  readonly digest: string
  /** Bytes. */
  readonly size: number
}

/** What `skills/list` and `skills/get` tell of a skill. */
export interface SkillEntry {
  /** The URI of its SKILL.md. */
  readonly uri: string
  /** The YAML at the head of SKILL.md, as JSON. */
  readonly frontmatter: Readonly<Record<string, unknown>> & { readonly name: string; readonly description: string }
  /** Every file of the skill once, SKILL.md included, in order of URI. */
  readonly resources: readonly SkillResource[]
}

/** A direct child of a folder of a skill; a folder has the type `inode/directory`. */
export interface SkillChild {
  readonly uri: string
  readonly name: string
  readonly mimeType: string
  readonly size?: number
}

/** What makes the resource of a SKILL.md a whole skill: its `read` serves every file that the entry lists. */
export interface Skill {
  readonly entry: SkillEntry
  /** The children of each folder by its URI, in order of URI. The first folder is the skill's own. */
  readonly directories: ReadonlyMap<string, readonly SkillChild[]>
}
