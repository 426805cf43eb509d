import { createServer } from 'node:http'
import { add, readArguments } from './tools.mjs'

/** The limit: node:http reads one JSON body and writes one JSON answer. No schema, no check, no protocol. */
const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const message = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const answer = JSON.stringify({ jsonrpc: '2.0', id: message.id, result: add(message.params.arguments) })
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) })
    response.end(answer)
  })
})

server.listen(readArguments().port, '127.0.0.1')
