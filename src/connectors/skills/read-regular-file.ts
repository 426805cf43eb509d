import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** A link swapped in after the folder was read is not followed, and a pipe does not make the reader wait. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Reads a regular file of at most `maxBytes`. Rejects for anything else that may be found under the path. */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, FLAGS)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Error('it is not a regular file')
    if (stats.size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}
