import { expect, test } from 'vitest'
import { parseFrontmatter } from './parse-frontmatter.ts'

const parse = (text: string): unknown => parseFrontmatter(new TextEncoder().encode(text))
const head = (yaml: string): string => `---\nname: a\ndescription: b\n${yaml}\n---\nbody`

test('the head is told as JSON, whole and as it is written', () => {
  expect(parse(head('metadata: { version: 1.0, tags: [x, "2"] }\ndate: 2026-01-02'))).toEqual({
    name: 'a',
    description: 'b',
    metadata: { version: 1, tags: ['x', '2'] },
    date: '2026-01-02',
  })
})

test('a byte order mark and Windows line ends are taken as they come', () => {
  expect(parse('\uFEFF---\r\nname: a\r\ndescription: b\r\n---\r\n')).toEqual({ name: 'a', description: 'b' })
})

test.each([
  ['no head at all', '# Title', 'does not begin with frontmatter'],
  ['an empty file', '', 'does not begin with frontmatter'],
  ['a head that does not end', '---\nname: a\ndescription: b\n', 'does not begin with frontmatter'],
  ['a list', '---\n- a\n---\n', 'is not a mapping'],
  ['broken YAML', '---\nname: "a\n---\n', 'is not YAML'],
  ['a key twice', head('name: c'), 'is not YAML'],
  ['no description', '---\nname: a\n---\n', 'needs a `description`'],
  ['a description of blanks', '---\nname: a\ndescription: "  "\n---\n', 'needs a `description`'],
  ['a name in capitals', '---\nname: A\ndescription: b\n---\n', 'needs a `name`'],
  ['a name that climbs', '---\nname: ../a\ndescription: b\n---\n', 'needs a `name`'],
  ['two hyphens', '---\nname: a--b\ndescription: b\n---\n', 'needs a `name`'],
  ['aliases', head('x: &x [1]\ny: [*x, *x]'), 'aliases'],
  ['a number that JSON has not', head('x: .nan'), 'JSON cannot say'],
  ['a prototype', head('__proto__: { isAdmin: true }'), 'JSON cannot say'],
])('%s is refused with the reason', (_, text, reason) => {
  expect(() => parse(text)).toThrow(reason)
})

test('a file that is not UTF-8 is refused', () => {
  expect(() => parseFrontmatter(Uint8Array.of(0x2d, 0x2d, 0x2d, 0xff))).toThrow('not text in UTF-8')
})
