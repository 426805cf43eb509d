import {
  Alias,
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type YAMLError,
} from 'yaml'
import type { ConfigPath } from './config-issue.ts'
import type { ConfigSource, Mistake, Position } from './mistake.ts'

/** Aliases that a file may have resolved; more is an attempt to fill the memory. */
const MAX_ALIASES = 100
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
      logLevel: 'silent',
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
  const broken = found.filter(({ code }) => code !== 'DUPLICATE_KEY')
  const locate = (path: ConfigPath, at: 'key' | 'value'): Position | undefined => {
    const offset = findOffset(document, path, at)
    return offset === undefined ? undefined : toPosition(lines, offset)
  }
  if (broken.length > 0) {
    const told = broken.slice(0, MAX_SYNTAX_MISTAKES).map((error) => explainSyntax(error, lines))
    return { value: undefined, mistakes: [...mistakes, ...told], locate }
  }
  return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), mistakes, locate }
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
  const first = findOffset(document, path, 'key')
  const position = toPosition(lines, error.pos[0])
  const where = first === undefined ? '' : `, first on line ${toPosition(lines, first).line}`
  return { path, at: 'key', problem: `is written twice${where}`, expected: 'each option once', position }
}

function unreadable(cause: unknown): Mistake {
  if (cause instanceof ReferenceError) {
    return { path: [], at: 'value', problem: 'too many aliases (*name)', expected: `at most ${MAX_ALIASES}` }
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

function findOffset(document: Document, path: ConfigPath, at: 'key' | 'value'): number | undefined {
  let node: unknown = document.contents
  let offset = startOf(node)
  for (const [depth, part] of path.entries()) {
    if (node instanceof Alias) node = node.resolve(document)
    const pair = isMap(node) ? node.items.find((item) => keyText(item) === String(part)) : undefined
    const next: unknown = isSeq(node) && typeof part === 'number' ? node.items[part] : pair?.value
    const isLast = depth === path.length - 1
    // What is missing is reported where the thing around it stands.
    if (pair === undefined && next === undefined) return offset
    offset = (isLast && at === 'key' ? startOf(pair?.key) : undefined) ?? startOf(next) ?? startOf(pair?.key) ?? offset
    node = next
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || node instanceof Alias ? node.range?.[0] : undefined
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key)
}
