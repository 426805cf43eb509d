import type { Catalog, SkillResource } from '../../capabilities/catalog.ts'
import { ToolgateError } from '../../errors.ts'
import { listCapabilities } from '../../pipeline/list-capabilities.ts'
import { recordList } from '../../pipeline/record-list.ts'
import type { Engine, Method } from '../engine.ts'
import type { Exchange } from '../exchange.ts'
import { metered } from './metered.ts'
import { takePage } from './take-page.ts'
import { requireString } from './to-call.ts'

/** `skills/list` (SEP-2640): the skills that the caller may read. */
export const listSkills: Method = metered((engine, params, exchange) => {
  requireSkills(engine.guards.catalog)
  const items = listCapabilities(engine.guards, exchange.principal, engine.guards.catalog.skills)
  const { page, next } = takePage(engine, exchange, { list: 'skills', items, keyOf: ({ uri }) => uri, params })
  if (params.cursor === undefined) {
    recordList(engine.guards, exchange.principal, { method: 'skills/list', names: items.map(({ uri }) => uri) })
  }
  return { skills: page.map(entryOf), ...next }
})

/** `skills/get`: one of them, by the URI of its SKILL.md. */
export const getSkill: Method = metered((engine, params, exchange) => {
  requireSkills(engine.guards.catalog)
  const uri = requireString(params, 'uri')
  return { skill: entryOf(requireReadable(engine, exchange, engine.guards.catalog.findSkill(uri), uri)) }
})

/** `resources/directory/read`: the direct children of a folder of a skill. */
export const readDirectory: Method = metered((engine, params, exchange) => {
  requireSkills(engine.guards.catalog)
  const uri = requireString(params, 'uri')
  const skill = requireReadable(engine, exchange, engine.guards.catalog.findSkillOfDirectory(uri), uri)
  const items = skill.definition.skill.directories.get(uri) ?? []
  const list = `directory ${uri}`
  const { page, next } = takePage(engine, exchange, { list, items, keyOf: (child) => child.uri, params })
  return { resources: page, ...next }
})

function requireSkills(catalog: Catalog): void {
  if (catalog.skills.length === 0)
    throw new ToolgateError({ code: 'METHOD_NOT_FOUND', message: 'This server offers no skills.' })
}

/** What the caller may not read is answered like what does not exist. */
function requireReadable(
  { guards }: Engine,
  { principal }: Exchange,
  skill: SkillResource | undefined,
  uri: string,
): SkillResource {
  if (skill !== undefined && guards.policy.decide(principal, skill).effect === 'permit') return skill
  throw new ToolgateError({
    code: 'INVALID_PARAMS',
    message: 'There is no skill or folder of one there.',
    data: { uri },
  })
}

function entryOf({ definition }: SkillResource): object {
  return definition.skill.entry
}
