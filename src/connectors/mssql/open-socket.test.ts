import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { openSocket } from './open-socket.ts'

/** A PRELOGIN answer with these words about encryption. */
function prelogin(words: readonly number[], status = 1): Buffer {
  const table = words.flatMap((_word, index) => [1, 0, words.length * 5 + 1 + index, 0, 1])
  const payload = [...table, 0xff, ...words]
  return Buffer.from([4, status, 0, payload.length + 8, 0, 0, 1, 0, ...payload])
}

const [OFF, ON, NOT_SUPPORTED, REQUIRED] = [0, 1, 2, 3]

it.each([
  ['agrees', prelogin([ON]), true],
  ['demands it', prelogin([REQUIRED]), true],
  ['would encrypt the login alone', prelogin([OFF]), false],
  ['cannot', prelogin([NOT_SUPPORTED]), false],
  ['says nothing of it', prelogin([]), false],
  // The driver listens to the last word.
  ['says both', prelogin([ON, NOT_SUPPORTED]), false],
  // The driver would put a second packet behind the first.
  ['has not finished its answer', prelogin([ON], 0), false],
  ['speaks something else', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), false],
])('keeps a connection to a server only if it encrypts: one that %s', async (_what, answer, isKept) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const signal = new AbortController().signal
  const { socket } = await openSocket({ host: '127.0.0.1', port, requiresEncryption: true, signal })
  let failure: Error | undefined
  socket.on('error', (error) => {
    failure = error
  })
  socket.write('hello')
  await once(socket, 'close').catch(() => {})
  expect(failure?.name).toBe(isKept ? undefined : 'PlainServerError')
  server.close()
})
