/** The outcome of `work`, or the rejection with `failure()` as soon as `signal` fires; the work itself is not stopped. */
export async function raceAbort<T>(work: Promise<T>, signal: AbortSignal, failure: () => unknown): Promise<T> {
  let stop = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(failure())
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', stop)
    // When the race is lost nobody hears the work any more, and a late failure must not end the process.
    work.catch(() => {})
    aborted.catch(() => {})
  }
}
