/** Of this form of the text; another one is another number. */
const VERSION = 1
/** Bins of one doubling. The middle of the widest is 1/64 from its edge, which is the promised 1.6 %. */
const BINS_OF_OCTAVE = 32
const SHIFT = 15
/** The first bin begins at 2^-10 ms, the last one ends at 2^31 ms. */
const FIRST_EXPONENT = -10
const OCTAVES = 41
const OFFSET = (1023 + FIRST_EXPONENT) * BINS_OF_OCTAVE
const LEAST = 2 ** FIRST_EXPONENT
const LAST_BIN = BINS_OF_OCTAVE * OCTAVES
const BEYOND = 2 ** (FIRST_EXPONENT + OCTAVES)

/** How many bins a sketch can have at most. */
export const MAX_BINS: number = LAST_BIN + 1

const float = new Float64Array(1)
const words = new Uint32Array(float.buffer)
/** Which of the two words has exponent and first digits depends on the byte order of the machine. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/**
 * How durations in milliseconds are spread, in little room: a count for each of 32 equal parts of every doubling. A
 * quantile is within 1.6 % of the duration it stands for, from a microsecond to 24 days; what is shorter counts as 0, what
 * is longer as 24 days. Sketches add up without loss: the merged one is the sketch of everything together.
 */
export class Sketch {
  readonly #counts = new Map<number, number>()
  #count = 0

  /** How many durations were added. */
  get count(): number {
    return this.#count
  }

  /** Of the bins that hold something. */
  get size(): number {
    return this.#counts.size
  }

  /** Adds one duration. What is no number or negative counts as 0. */
  add(durationMs: number): void {
    const bin = binOf(durationMs)
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1)
    this.#count += 1
  }

  /** Adds everything that was added to the other one, which stays as it is. */
  merge(other: Sketch): void {
    for (const [bin, count] of [...other.#counts]) this.#addTo(bin, count)
  }

  /** The duration that this part (0 to 1) of all durations does not exceed; `undefined` when there are none. */
  quantile(part: number): number | undefined {
    if (this.#count === 0) return undefined
    const rank = Math.max(1, Math.ceil(part * this.#count))
    let passed = 0
    let last = 0
    for (const [bin, count] of this.#sorted()) {
      passed += count
      last = bin
      if (passed >= rank) break
    }
    return middleOf(last)
  }

  /** The sketch as a short text: base64url of the bins, each as its distance from the one before and its count. */
  encode(): string {
    const bytes: number[] = [VERSION]
    let before = 0
    for (const [bin, count] of this.#sorted()) {
      writeNumber(bytes, bin - before)
      writeNumber(bytes, count)
      before = bin
    }
    return Buffer.from(bytes).toString('base64url')
  }

  /** The sketch of a text that `encode` gave; `undefined` for any other text. */
  static decode(text: string): Sketch | undefined {
    const bytes = Buffer.from(text, 'base64url')
    if (bytes[0] !== VERSION) return undefined
    const numbers = readNumbers(bytes)
    if (numbers === undefined || numbers.length % 2 !== 0) return undefined
    const sketch = new Sketch()
    let bin = 0
    for (let at = 0; at < numbers.length; at += 2) {
      const distance = numbers[at] ?? 0
      const count = numbers[at + 1] ?? 0
      bin += distance
      if (bin > LAST_BIN || count === 0 || (distance === 0 && at > 0)) return undefined
      sketch.#addTo(bin, count)
    }
    return sketch
  }

  #addTo(bin: number, count: number): void {
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count)
    this.#count += count
  }

  #sorted(): readonly (readonly [bin: number, count: number])[] {
    return [...this.#counts].sort(([a], [b]) => a - b)
  }
}

/** Read off the bits of the number: its exponent and the first five binary digits after it. 0 is what is too short. */
function binOf(durationMs: number): number {
  if (!(durationMs >= LEAST)) return 0
  if (durationMs >= BEYOND) return LAST_BIN
  float[0] = durationMs
  return ((words[HIGH] ?? 0) >>> SHIFT) - OFFSET + 1
}

function middleOf(bin: number): number {
  if (bin === 0) return 0
  const octave = Math.floor((bin - 1) / BINS_OF_OCTAVE)
  const part = (bin - 1) % BINS_OF_OCTAVE
  return 2 ** (FIRST_EXPONENT + octave) * (1 + (part + 0.5) / BINS_OF_OCTAVE)
}

/** Seven bits a byte, the lowest first; the eighth says that another follows. */
function writeNumber(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}

function readNumbers(bytes: Uint8Array): readonly number[] | undefined {
  const numbers: number[] = []
  let value = 0
  let factor = 1
  for (const byte of bytes.subarray(1)) {
    value += (byte & 0x7f) * factor
    if (!Number.isSafeInteger(value)) return undefined
    if (byte >= 0x80) {
      factor *= 0x80
      continue
    }
    numbers.push(value)
    value = 0
    factor = 1
  }
  return factor === 1 ? numbers : undefined
}
