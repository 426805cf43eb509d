import type { Random } from './random.ts'

type Json = unknown
type Container = Record<string, Json> | Json[]

const STRINGS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\udfff\ud800',
  '\u202eevil\u202c',
  '\ufeff',
  '\u2028\u2029',
  'e\u0301',
  '__proto__',
  'constructor',
  'toString',
  '../../../etc/passwd',
  '%2e%2e%2f',
  '..%5c',
  '%zz',
  'db://customers/../bob',
  'db://bob',
  'db://customers/%00',
  'db://{id}',
  '{{7*7}}',
  '\r\nSet-Cookie: a=b',
  'ask-1',
  '2026-07-28',
  '2025-11-25',
  '9999-99-99',
  'x'.repeat(5000),
  '💥'.repeat(300),
]

const VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  0.1,
  1e308,
  2 ** 53,
  -(2 ** 53) - 2,
  {},
  [],
  [[]],
  [null],
  { a: 1 },
  JSON.parse('{"toString":1,"valueOf":2,"then":3}'),
  { length: -1 },
  { uri: 'db://bob' },
]

const KEYS: readonly string[] = [
  'id',
  'jsonrpc',
  'method',
  'params',
  '_meta',
  'name',
  'arguments',
  'uri',
  'cursor',
  'requestState',
  'inputResponses',
  'progressToken',
  'notifications',
  'result',
  'error',
  'constructor',
  'hasOwnProperty',
  'then',
  '',
  '\u0000',
  'x'.repeat(300),
]

/** A hostile string or value of any type. */
function hostileValue(random: Random): Json {
  if (random.chance(0.5)) return random.pick(STRINGS)
  if (random.chance(0.05)) return nested(random)
  return structuredClone(random.pick(VALUES))
}

/** A hostile string. */
export function hostileString(random: Random): string {
  return random.pick(STRINGS)
}

function nested(random: Random): Json {
  let value: Json = structuredClone(random.pick(VALUES))
  for (let depth = random.pick([10, 59, 62, 63, 64, 65, 200, 1000]); depth > 0; depth -= 1) {
    value = random.chance(0.5) ? [value] : { a: value }
  }
  return value
}

/** The message with one to three things in it changed: types, keys, values, shape. */
function mutateValue(message: object, random: Random): Json {
  const root: { message: Json } = { message: structuredClone(message) }
  for (let count = 1 + random.below(3); count > 0; count -= 1) changeOne(root, random)
  return root.message
}

function changeOne(root: { message: Json }, random: Random): void {
  const places: [Container, string | number][] = []
  collect(root as Container, places)
  if (places.length === 0) return
  const [container, key] = random.pick(places)
  const target = container as Record<string | number, Json>
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(container)) container.splice(Number(key), 1)
      else delete target[key]
      break
    case 1:
      target[newKey(container, random)] = structuredClone(target[key])
      break
    case 2:
      target[key] = swapType(target[key], random)
      break
    case 3:
      target[key] = tweak(target[key], random)
      break
    case 4:
      target[newKey(container, random)] = hostileValue(random)
      break
    default:
      target[key] = hostileValue(random)
  }
}

function newKey(container: Container, random: Random): string | number {
  return Array.isArray(container) ? container.length : random.pick(KEYS)
}

function collect(container: Container, places: [Container, string | number][]): void {
  for (const key of Object.keys(container)) {
    places.push([container, key])
    const child = (container as Record<string, Json>)[key]
    if (typeof child === 'object' && child !== null) collect(child as Container, places)
  }
}

function swapType(value: Json, random: Random): Json {
  return random.pick<Json>([
    [value],
    { value },
    JSON.stringify(value),
    Number.parseInt(JSON.stringify(value), 10),
    value === undefined,
    null,
  ])
}

/** A value as it might be guessed or tampered with: cursors, states, ids and versions are strings. */
function tweak(value: Json, random: Random): Json {
  if (typeof value === 'number') return random.pick([value + 1, -value, value * 1e6, value + 0.5])
  if (typeof value !== 'string') return hostileValue(random)
  const at = random.below(value.length + 1)
  const swapped = String.fromCharCode(33 + random.below(90))
  return random.pick([
    value.slice(0, at),
    value.slice(0, at) + swapped + value.slice(at + 1),
    value.slice(0, at) + hostileString(random) + value.slice(at),
    value.toUpperCase(),
    `${value}${value}`,
    ` ${value}`,
  ])
}

/** The text of a value as no serializer would write it: other order, doubled keys, odd spaces and numbers. */
function writeOddly(value: Json, random: Random, depth = 0): string {
  if (typeof value !== 'object' || value === null) return writeLeaf(value, random)
  const space = random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n  ']) : ''
  if (Array.isArray(value)) return `[${value.map((item) => writeOddly(item, random, depth + 1)).join(`,${space}`)}]`
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${space}${writeOddly(item, random, depth + 1)}`,
  )
  if (random.chance(0.2)) members.sort(() => (random.chance(0.5) ? 1 : -1))
  const doubled = members.length > 0 && depth < 5 && random.chance(0.05) ? [random.pick(members), ...members] : members
  return `{${space}${doubled.join(',')}${space}}`
}

function writeLeaf(value: Json, random: Random): string {
  const text = JSON.stringify(value) ?? 'null'
  if (random.chance(0.98)) return text
  if (typeof value === 'number') {
    return random.pick([
      '1e999',
      '-1e999',
      '1'.repeat(400),
      `${text}.0`,
      `${text}e0`,
      '-0',
      '0x10',
      '01',
      'NaN',
      'Infinity',
    ])
  }
  if (typeof value === 'string') return text.replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`)
  return text
}

/** The bytes with one or two things done to them that care for no syntax. */
export function mutateBytes(bytes: Buffer, random: Random): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let count = 1 + random.below(2); count > 0; count -= 1) changed = changeBytes(changed, random)
  return changed
}

function changeBytes(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1)
  const end = Math.min(bytes.length, at + random.below(40))
  switch (random.below(6)) {
    case 0:
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      return bytes
    case 1:
      return bytes.subarray(0, at)
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
    case 4: {
      const noise = Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256)))
      return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)])
    }
    default: {
      const inserted = random.pick(['[', '{', '"', ',', '\\', '\ufeff', '\u0000', '['.repeat(300), '{"a":'.repeat(200)])
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(inserted), bytes.subarray(at)])
    }
  }
}

/** The bytes of a message, mutated on one level or several. */
export function mutateMessage(message: object, random: Random): Buffer {
  const value = random.chance(0.75) ? mutateValue(message, random) : message
  const batch = random.chance(0.02) ? [value, message] : value
  const bytes = Buffer.from(writeOddly(batch, random))
  return random.chance(0.25) ? mutateBytes(bytes, random) : bytes
}
