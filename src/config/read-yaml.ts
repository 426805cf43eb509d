import {
  Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml'
import type { ConfigPath } from './config-issue.ts'
import type { ConfigSource, Mistake, Position } from './mistake.ts'

/** Aliases that a file may have; finding what each means costs a walk through the file. */
const MAX_ALIASES = 1000
/** How far they may multiply each other; more is an attempt to fill the memory. */
const MAX_EXPANSION = 100
/** Mistakes of syntax that are told: most follow from the first. */
const MAX_SYNTAX_MISTAKES = 5

/** Reads YAML 1.2 (JSON is a part of it) and remembers where everything stands. Never throws. */
export function readYaml(text: string): ConfigSource {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      stringKeys: true,
      resolveKnownTags: false,
      prettyErrors: false,
      // A lower level would also silence that there is a second document.
      logLevel: 'error',
      lineCounter: lines,
    })
    return readDocument(document, lines)
  } catch (cause) {
    return { value: undefined, mistakes: [unreadable(cause)] }
  }
}

function readDocument(document: Document, lines: LineCounter): ConfigSource {
  const found = [...document.errors, ...document.warnings]
  const repeated = found.filter(({ code }) => code === 'DUPLICATE_KEY')
  const mistakes = repeated.map((error) => explainRepeated(document, error, lines))
  const broken = found
    .filter(({ code }) => code !== 'DUPLICATE_KEY')
    .map((error) => explainSyntax(error, lines))
    .concat(checkAliases(document, lines))
  const locate = (path: ConfigPath, at: 'key' | 'value'): Position | undefined => {
    const offset = findOffset(document, path, { at, of: 'last' })
    return offset === undefined ? undefined : toPosition(lines, offset)
  }
  if (broken.length > 0) {
    const told = broken.filter(isFirstAtItsPlace).slice(0, MAX_SYNTAX_MISTAKES)
    return { value: undefined, mistakes: [...mistakes, ...told], locate }
  }
  return { value: document.toJS({ maxAliasCount: MAX_EXPANSION }), mistakes, locate }
}

/** The library's own sentences quote the file, which may hold secrets; these do not. */
const SYNTAX: Partial<Record<YAMLError['code'], string>> = {
  ALIAS_PROPS: 'an alias (*name) carries an anchor or a tag',
  BAD_ALIAS: 'an alias (*name) has no anchor (&name) before it',
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_SCALAR_START: 'a value starts with a character that needs quotes around the value',
  BLOCK_IN_FLOW: 'a block stands inside brackets or braces',
  MISSING_CHAR: 'a quote, bracket, brace, comma or colon is missing',
  MULTILINE_IMPLICIT_KEY: 'a colon is missing, or a key goes over several lines',
  MULTIPLE_DOCS: 'a second document begins; a configuration is one',
  NON_STRING_KEY: 'a key is no text; put it in quotes',
  RESOURCE_EXHAUSTION: 'this is nested too deeply',
  TAB_AS_INDENT: 'a tab indents; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!name) stands here; tags are not used',
  UNEXPECTED_TOKEN: 'something stands where it cannot',
}

function explainSyntax(error: YAMLError, lines: LineCounter): Mistake {
  const problem = SYNTAX[error.code] ?? 'this is not valid YAML'
  return { path: [], at: 'value', problem, position: toPosition(lines, error.pos[0]) }
}

function explainRepeated(document: Document, error: YAMLError, lines: LineCounter): Mistake {
  const path = findRepeatedKey(document.contents, [], error.pos[0]) ?? []
  const first = findOffset(document, path, { at: 'key', of: 'first' })
  const position = toPosition(lines, error.pos[0])
  const where = first === undefined ? '' : `, first on line ${toPosition(lines, first).line}`
  return { path, at: 'key', problem: `is written twice${where}`, expected: 'each option once', position }
}

function checkAliases(document: Document, lines: LineCounter): Mistake[] {
  const aliases: Alias[] = []
  visit(document, { Alias: (_, alias) => void aliases.push(alias) })
  if (aliases.length > MAX_ALIASES) {
    return [
      { path: [], at: 'value', problem: 'there are too many aliases (*name)', expected: `at most ${MAX_ALIASES}` },
    ]
  }
  const lost = aliases.filter((alias) => alias.resolve(document) === undefined)
  return lost.map((alias) => ({
    path: [],
    at: 'value',
    problem: 'an alias (*name) has no anchor (&name) before it',
    position: toPosition(lines, alias.range?.[0] ?? 0),
  }))
}

function isFirstAtItsPlace({ position }: Mistake, index: number, all: readonly Mistake[]): boolean {
  const isThere = (other: Mistake): boolean =>
    other.position?.line === position?.line && other.position?.column === position?.column
  return all.findIndex(isThere) === index
}

function unreadable(cause: unknown): Mistake {
  if (cause instanceof ReferenceError) {
    return { path: [], at: 'value', problem: 'the aliases (*name) expand to too much' }
  }
  return { path: [], at: 'value', problem: 'this is nested too deeply to be read', expected: 'a configuration in YAML' }
}

function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(line, 1), column: Math.max(col, 1) }
}

function findRepeatedKey(node: unknown, path: ConfigPath, offset: number): ConfigPath | undefined {
  const children: [string | number, unknown, unknown][] = isMap(node)
    ? node.items.map((pair) => [keyText(pair), pair.key, pair.value])
    : isSeq(node)
      ? node.items.map((item, index) => [index, undefined, item])
      : []
  for (const [part, key, value] of children) {
    if (isScalar(key) && key.range?.[0] === offset) return [...path, part]
    const found = findRepeatedKey(value, [...path, part], offset)
    if (found !== undefined) return found
  }
  return undefined
}

interface Wanted {
  readonly at: 'key' | 'value'
  /** Of an option that is written twice the last one counts. */
  readonly of: 'first' | 'last'
}

function findOffset(document: Document, path: ConfigPath, wanted: Wanted): number | undefined {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const part of path) {
    const child = childOf(node instanceof Alias ? node.resolve(document) : node, part, wanted)
    // What is missing is reported where the thing around it stands.
    if (child === undefined) return offset
    const own = wanted.at === 'key' ? (startOf(child.key) ?? startOf(child.value)) : startOf(child.value)
    offset = own ?? startOf(child.key) ?? offset
    node = child.value
  }
  return offset
}

interface Child {
  readonly key?: unknown
  readonly value: unknown
}

function childOf(node: unknown, part: string | number, { of }: Wanted): Child | undefined {
  if (isMap(node)) return node.items.filter((pair) => keyText(pair) === String(part)).at(of === 'first' ? 0 : -1)
  const item: unknown = isSeq(node) && typeof part === 'number' ? node.items[part] : undefined
  return item === undefined ? undefined : { value: item }
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || node instanceof Alias ? node.range?.[0] : undefined
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}
