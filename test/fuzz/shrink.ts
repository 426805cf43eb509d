/** The shortest input found, within some attempts, that still fails: pieces are left out, large ones first. */
export async function shrink(
  bytes: Buffer,
  fails: (candidate: Buffer) => Promise<boolean>,
  attempts = 150,
): Promise<Buffer> {
  let smallest = bytes
  let left = attempts
  for (let size = Math.ceil(bytes.length / 2); size >= 1 && left > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < smallest.length && left > 0; ) {
      const candidate = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + size)])
      left -= 1
      if (candidate.length > 0 && (await fails(candidate))) smallest = candidate
      else at += size
    }
  }
  return smallest
}

/** An input as it can be read and sent again. */
export function describeInput(bytes: Buffer): string {
  return `${JSON.stringify(bytes.toString('latin1').slice(0, 3000))}\n  base64: ${bytes.toString('base64').slice(0, 8000)}`
}
