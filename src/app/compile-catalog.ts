import type { Capability } from '../capabilities/capability.ts'
import { type Catalog, createCatalog } from '../capabilities/catalog.ts'
import { compileCapability } from '../capabilities/compile-capability.ts'
import type { Offered } from '../connectors/connector.ts'
import { ToolgateError } from '../errors.ts'

/**
 * Compiles everything on offer. Every definition that is wrong is told at once: `DEFINITION_INVALID`; then every two of
 * one name: `NAME_COLLISION`. `known` are capabilities compiled before, which an unchanged definition keeps.
 */
export function compileCatalog(offers: ReadonlyMap<string, readonly Offered[]>, known?: Catalog): Catalog {
  const before = new Map<object, Capability>(allOf(known).map((capability) => [capability.definition, capability]))
  const compiled: Capability[] = []
  const failures: ToolgateError[] = []
  for (const [connector, offered] of offers) {
    for (const { definition, source } of offered) {
      try {
        compiled.push(before.get(definition) ?? compileCapability(definition, { connector, source }))
      } catch (thrown) {
        if (!(thrown instanceof ToolgateError)) throw thrown
        failures.push(thrown)
      }
    }
  }
  if (failures.length > 0) throw together(failures)
  return createCatalog(compiled)
}

/** Every capability of a catalog. */
export function allOf(catalog: Catalog | undefined): readonly Capability[] {
  if (catalog === undefined) return []
  return [...catalog.tools, ...catalog.resources, ...catalog.resourceTemplates, ...catalog.prompts]
}

function together(failures: readonly ToolgateError[]): ToolgateError {
  const [first] = failures
  if (failures.length === 1 && first !== undefined) return first
  return new ToolgateError({
    code: 'DEFINITION_INVALID',
    message: failures.map(({ message, hint }) => (hint === undefined ? message : `${message} ${hint}`)).join('\n'),
    cause: first,
  })
}
