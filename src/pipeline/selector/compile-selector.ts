import type { Capability } from '../../capabilities/capability.ts'
import type { SelectorOptions } from './options.ts'

/** A selector, compiled. */
export interface Selector {
  readonly text: string
  selects(capability: Capability): boolean
  /** Its parts, and those of them that do not match. */
  readonly parts: readonly string[]
  misses(capability: Capability): readonly string[]
}

/** Compiles a selector: all of its parts must match. */
export function compileSelector(options: SelectorOptions): Selector {
  const { name, tag, readOnly, connector } = options
  const glob = name === undefined ? undefined : compileGlob(name)
  const matches: Readonly<Record<string, (capability: Capability) => boolean>> = {
    name: (capability) => glob === undefined || glob(nameOf(capability)),
    tag: (capability) => tag === undefined || capability.tags.includes(tag),
    readOnly: (capability) => readOnly === undefined || capability.isReadOnly === readOnly,
    connector: (capability) => connector === undefined || capability.connector === connector,
  }
  const parts = Object.entries(options).map(([part, value]) => `${part} ${String(value)}`)
  const tests = Object.keys(options).flatMap((part) => matches[part] ?? [])
  return {
    text: parts.join(', '),
    parts,
    selects: (capability) => tests.every((test) => test(capability)),
    misses: (capability) => parts.filter((_, index) => tests[index]?.(capability) === false),
  }
}

/** What a `name` selector is held against: a resource is named by its URI, a template by its template. */
export function nameOf(capability: Capability): string {
  if (capability.kind === 'resource') return capability.uri
  if (capability.kind === 'resourceTemplate') return capability.definition.uriTemplate
  return capability.name
}

/** `*` is any text, `?` one character. Only the last star is ever tried again, so no pattern explodes. */
export function compileGlob(glob: string): (text: string) => boolean {
  return (text) => {
    let at = 0
    let star = -1
    let resume = 0
    let index = 0
    while (at < text.length) {
      if (index < glob.length && glob[index] !== '*' && (glob[index] === '?' || glob[index] === text[at])) {
        index += 1
        at += 1
      } else if (glob[index] === '*') {
        star = index++
        resume = at
      } else if (star >= 0) {
        index = star + 1
        at = ++resume
      } else return false
    }
    while (glob[index] === '*') index += 1
    return index === glob.length
  }
}
