import { ToolgateError } from '../errors.ts'
import type { Capability, Prompt, Resource, ResourceTemplate, Tool } from './capability.ts'
import { checkApps } from './check-apps.ts'
import { describeKind } from './compile-capability.ts'
import type { Skill } from './skill.ts'

/** All that is offered, at one moment. Immutable: a change makes a new catalog. */
export interface Catalog {
  /** In order of name; the order of every list. */
  readonly tools: readonly Tool[]
  readonly resources: readonly Resource[]
  readonly resourceTemplates: readonly ResourceTemplate[]
  readonly prompts: readonly Prompt[]
  /** Those of the resources that are skills, in order of URI. */
  readonly skills: readonly SkillResource[]
  findTool(name: string): Tool | undefined
  findPrompt(name: string): Prompt | undefined
  /** A fixed resource, the skill that the file belongs to, else the first template that fits. */
  findResource(uri: string): Resource | ResourceTemplate | undefined
  findResourceTemplate(uriTemplate: string): ResourceTemplate | undefined
  findSkill(uri: string): SkillResource | undefined
  /** The skill that the folder belongs to. */
  findSkillOfDirectory(uri: string): SkillResource | undefined
}

/** The resource of a SKILL.md. */
export type SkillResource = Resource & { readonly definition: { readonly skill: Skill } }

/**
 * Builds the catalog. Two tools or prompts of one name, or two resources of one URI, are `NAME_COLLISION`: all
 * collisions are listed, each with both owners. A tool whose page is not offered is `DEFINITION_INVALID`.
 */
export function createCatalog(capabilities: readonly Capability[]): Catalog {
  const collisions: string[] = []
  const tools = index(capabilities, 'tool', (tool) => tool.name, collisions)
  const prompts = index(capabilities, 'prompt', (prompt) => prompt.name, collisions)
  const resources = index(capabilities, 'resource', (resource) => resource.uri, collisions)
  const templates = index(capabilities, 'resourceTemplate', (found) => found.definition.uriTemplate, collisions)
  const skills = sorted(resources).filter(isSkill)
  const files = indexFiles(skills, resources, collisions)
  if (collisions.length > 0) {
    throw new ToolgateError({
      code: 'NAME_COLLISION',
      message: collisions.join('\n'),
      hint: 'Rename one of them, or give one connector a `prefix`.',
    })
  }
  const catalog: Catalog = {
    tools: sorted(tools),
    resources: sorted(resources),
    resourceTemplates: sorted(templates),
    prompts: sorted(prompts),
    skills,
    findTool: (name) => tools.get(name),
    findPrompt: (name) => prompts.get(name),
    findResource: (uri) => resources.get(uri) ?? files.get(uri) ?? findByTemplate(templates, uri),
    findResourceTemplate: (uriTemplate) => templates.get(uriTemplate),
    findSkill: (uri) => skills.find((skill) => skill.uri === uri),
    findSkillOfDirectory: (uri) => skills.find(({ definition }) => definition.skill.directories.has(uri)),
  }
  checkApps(catalog)
  return catalog
}

function index<K extends Capability['kind']>(
  capabilities: readonly Capability[],
  kind: K,
  keyOf: (capability: Extract<Capability, { kind: K }>) => string,
  collisions: string[],
): Map<string, Extract<Capability, { kind: K }>> {
  const byKey = new Map<string, Extract<Capability, { kind: K }>>()
  for (const capability of capabilities) {
    if (capability.kind !== kind) continue
    const found = capability as Extract<Capability, { kind: K }>
    const key = keyOf(found)
    const other = byKey.get(key)
    if (other === undefined) byKey.set(key, found)
    else collisions.push(`${describeKind(kind)} ${key} is offered twice: by ${other.owner} and by ${found.owner}.`)
  }
  return byKey
}

function isSkill(resource: Resource): resource is SkillResource {
  return resource.definition.skill !== undefined
}

/** The skill of each of its files but SKILL.md, which is a resource itself. */
function indexFiles(
  skills: readonly SkillResource[],
  resources: ReadonlyMap<string, Resource>,
  collisions: string[],
): ReadonlyMap<string, SkillResource> {
  const files = new Map<string, SkillResource>()
  for (const skill of skills) {
    for (const { uri } of skill.definition.skill.entry.resources) {
      if (uri === skill.uri) continue
      const other = resources.get(uri) ?? files.get(uri)
      if (other === undefined) files.set(uri, skill)
      else collisions.push(`Resource ${uri} is offered twice: by ${other.owner} and by ${skill.owner}.`)
    }
  }
  return files
}

function sorted<C extends Capability>(byKey: ReadonlyMap<string, C>): readonly C[] {
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, capability]) => capability)
}

function findByTemplate(templates: ReadonlyMap<string, ResourceTemplate>, uri: string): ResourceTemplate | undefined {
  for (const candidate of templates.values()) {
    if (candidate.template.match(uri) !== undefined) return candidate
  }
  return undefined
}
