import { expect, it } from 'vitest'
import { requireWireSchema } from './wire-schema.ts'

const answer = (result: object) => ({ jsonrpc: '2.0', id: 1, result })

it('an answer that the official schema does not know is noticed', () => {
  const fine = answer({ tools: [{ name: 'x', inputSchema: { type: 'object' } }] })
  expect(requireWireSchema('tools/list', fine)).toBe(fine)
  expect(() => requireWireSchema('tools/list', answer({ tools: [{ name: 5 }] }))).toThrow('the result of tools/list')
  expect(() => requireWireSchema('tools/call', answer({ content: 'x' }))).toThrow('the result of tools/call')
  expect(() => requireWireSchema('ping', { jsonrpc: '1.0', id: 1, result: {} })).toThrow('the answer to ping')
})

it('a question and the handle of a task are results of their own kind', () => {
  for (const result of [{ resultType: 'input_required', inputRequests: {} }, { task: { taskId: 'x' } }]) {
    expect(() => requireWireSchema('tools/call', answer(result))).not.toThrow()
  }
})
