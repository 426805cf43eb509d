import { describe, expect, test } from 'vitest'
import { findFault, findFaultInFull } from '../../bench/load/check-answer.ts'
import { readAnswer } from '../../bench/load/http-connection.ts'
import { sumOf } from '../../bench/load/mcp-request.ts'

const ID = 41

function toMessage(sum: number): string {
  const result = { content: [{ type: 'text', text: JSON.stringify({ sum }) }], structuredContent: { sum } }
  return JSON.stringify({ jsonrpc: '2.0', id: ID, result })
}

function toJsonAnswer(body: string, status = 200): Buffer {
  return Buffer.from(
    `HTTP/1.1 ${status} X\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
}

function toSseAnswer(body: string): Buffer {
  const event = `event: message\ndata: ${body}\n\n`
  const halves = [event.slice(0, 20), event.slice(20)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n'
  return Buffer.from(`${head}${halves.join('')}0\r\n\r\n`)
}

describe.each([
  ['with a length', toJsonAnswer],
  ['in chunks of an event stream', toSseAnswer],
])('an answer %s', (_, toAnswer) => {
  test('is not read before its last byte is there', () => {
    const bytes = toAnswer(toMessage(sumOf(ID)))
    for (let length = 0; length < bytes.length; length++) expect(readAnswer(bytes.subarray(0, length))).toBeUndefined()
    expect(readAnswer(bytes)?.status).toBe(200)
  })

  test('with the right sum passes', () => {
    expect(findFaultInFull(readAnswer(toAnswer(toMessage(sumOf(ID))))!, ID)).toBeUndefined()
  })

  test.each([sumOf(ID) + 1, Number(`${sumOf(ID)}5`)])('with the sum %d is a fault', (sum) => {
    expect(findFault(readAnswer(toAnswer(toMessage(sum)))!, ID)).toContain('no sum')
  })
})

test('an answer with another status is a fault that quotes it', () => {
  expect(findFault(readAnswer(toJsonAnswer('{"error":"busy"}', 503))!, ID)).toBe('status 503: {"error":"busy"}')
})

test('the right sum in the text alone is a fault: the structured content must hold it', () => {
  const result = { content: [{ type: 'text', text: JSON.stringify({ sum: sumOf(ID) }) }] }
  const answer = readAnswer(toJsonAnswer(JSON.stringify({ jsonrpc: '2.0', id: ID, result })))!
  expect(findFault(answer, ID)).toContain('no sum')
})

test('an answer to another call is a fault', () => {
  const other = toMessage(sumOf(ID)).replace(`"id":${ID}`, '"id":7')
  expect(findFaultInFull(readAnswer(toJsonAnswer(other))!, ID)).toContain('not the answer')
})
