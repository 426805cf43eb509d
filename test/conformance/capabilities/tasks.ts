import { setTimeout as pause } from 'node:timers/promises'
import {
  acceptedContent,
  defineTool,
  elicit,
  inputRequired,
  type JsonSchema,
  listRoots,
  type ToolDefinition,
  UserError,
} from 'toolgate'

/** Tools that run as tasks, and one that never does. */

const CONFIRM_FORM: JsonSchema = { type: 'object', properties: { confirm: { type: 'boolean' } }, required: ['confirm'] }
const NAME_FORM: JsonSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }

export const greet: ToolDefinition = defineTool({
  name: 'greet',
  description: 'Greets somebody by name, at once.',
  input: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
  run: ({ name }) => `Hello, ${String(name)}!`,
})

export const slowCompute: ToolDefinition = defineTool({
  name: 'slow_compute',
  description: 'Computes for as many seconds as it is told.',
  input: {
    type: 'object',
    properties: { seconds: { type: 'number', minimum: 0, maximum: 600 }, label: { type: 'string' } },
    required: ['seconds'],
  },
  task: 'optional',
  run: async ({ seconds, label }, { signal }) => {
    await pause(Number(seconds) * 1000, undefined, { signal })
    return `Computed ${String(label ?? 'something')} for ${Number(seconds)} s.`
  },
})

export const failingJob: ToolDefinition = defineTool({
  name: 'failing_job',
  description: 'Works for a moment and refuses.',
  task: 'required',
  run: async (_input, { signal }) => {
    await pause(1000, undefined, { signal })
    throw new UserError('This job always fails.')
  },
})

export const protocolErrorJob: ToolDefinition = defineTool({
  name: 'protocol_error_job',
  description: 'Ends with an error of the protocol: it asks for what the client of the suite has not declared.',
  task: 'optional',
  run: async () => {
    await pause(50)
    return inputRequired({ requests: { roots: listRoots() } })
  },
})

export const confirmDelete: ToolDefinition = defineTool({
  name: 'confirm_delete',
  description: 'Asks, as a task, before it deletes.',
  input: { type: 'object', properties: { filename: { type: 'string' } }, required: ['filename'] },
  task: 'optional',
  run: async ({ filename }, { inputs }) => {
    if (inputs.sure === undefined) {
      return inputRequired({ requests: { sure: elicit(`Delete ${String(filename)}?`, CONFIRM_FORM) } })
    }
    return acceptedContent(inputs.sure)?.confirm === true ? `Deleted ${String(filename)}.` : 'Nothing was deleted.'
  },
})

export const multiInput: ToolDefinition = defineTool({
  name: 'multi_input',
  description: 'Asks two questions at once, as a task.',
  task: 'optional',
  run: async (_input, { inputs }) => {
    if (inputs.name === undefined || inputs.sure === undefined) {
      const requests = { name: elicit('What is your name?', NAME_FORM), sure: elicit('Are you sure?', CONFIRM_FORM) }
      return inputRequired({ requests })
    }
    return `${String(acceptedContent(inputs.name)?.name)} has answered both.`
  },
})

export const askThenWork: ToolDefinition = defineTool({
  name: 'test_tool_with_task',
  description: 'Asks for a name first and works on as a task then.',
  task: 'required',
  run: (_input, { inputs, signal }) => {
    if (inputs.user_name === undefined) {
      return inputRequired({ requests: { user_name: elicit('What is your name?', NAME_FORM) } })
    }
    const name = String(acceptedContent(inputs.user_name)?.name)
    return pause(100, `Worked for ${name}.`, { signal })
  },
})
