/**
 * Loaded into every subject with `--import`: answers the bench's questions over the IPC channel.
 * It does nothing until it is asked, which never happens inside a round.
 */
process.on('message', (question) => {
  if (question !== 'usage') return
  // Only there when the subject was started to have its memory measured.
  globalThis.gc?.()
  globalThis.gc?.()
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, external } = process.memoryUsage()
  process.send?.({ cpuUs: user + system, rssBytes: rss, heapBytes: heapUsed + external })
})

// A bench that was ended leaves nothing running.
process.on('disconnect', () => process.exit())

// The channel alone must not keep a subject alive that wants to end.
process.channel?.unref()
