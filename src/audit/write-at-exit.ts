import process from 'node:process'

const works = new Set<() => void>()
let isListening = false

/** Does the work when the process exits, unless the returned function is called before. One listener for all of them. */
export function writeAtExit(work: () => void): () => void {
  works.add(work)
  if (!isListening) {
    isListening = true
    process.once('exit', () => {
      for (const each of works) each()
    })
  }
  return () => works.delete(work)
}
