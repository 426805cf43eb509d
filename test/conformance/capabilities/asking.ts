import {
  acceptedContent,
  defineTool,
  elicit,
  type InputRequest,
  type InputResponse,
  inputRequired,
  type JsonSchema,
  listRoots,
  sample,
  type ToolDefinition,
} from 'toolgate'

/** Tools that need the user, the client's model or its roots. One handler each, for both eras. */

const NAME_FORM: JsonSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const COLOR_FORM: JsonSchema = { type: 'object', properties: { color: { type: 'string' } }, required: ['color'] }
const CONFIRM_FORM: JsonSchema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] }

export const elicitation: ToolDefinition = defineTool({
  name: 'test_elicitation',
  description: 'Shows the user a message and asks for a user name and an e-mail address.',
  input: { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  run: ({ message }, { inputs }) => {
    if (inputs.answer !== undefined) return `User response: ${sayAnswer(inputs.answer)}`
    const form = {
      type: 'object',
      properties: {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      },
      required: ['username', 'email'],
    }
    return inputRequired({ requests: { answer: elicit(String(message), form) } })
  },
})

export const elicitationDefaults: ToolDefinition = defineTool({
  name: 'test_elicitation_sep1034_defaults',
  description: 'Asks with a form that has a default for every primitive type.',
  run: (_input, { inputs }) => {
    if (inputs.answer !== undefined) return `Elicitation completed: ${sayAnswer(inputs.answer)}`
    const form = {
      type: 'object',
      properties: {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true },
      },
    }
    return inputRequired({ requests: { answer: elicit('Please check these values.', form) } })
  },
})

export const elicitationEnums: ToolDefinition = defineTool({
  name: 'test_elicitation_sep1330_enums',
  description: 'Asks with a form that has every kind of choice.',
  run: (_input, { inputs }) => {
    if (inputs.answer !== undefined) return `Elicitation completed: ${sayAnswer(inputs.answer)}`
    const plain = ['option1', 'option2', 'option3']
    const form = {
      type: 'object',
      properties: {
        untitledSingle: { type: 'string', enum: plain },
        titledSingle: { type: 'string', oneOf: titled('Option') },
        legacyEnum: {
          type: 'string',
          enum: ['opt1', 'opt2', 'opt3'],
          enumNames: ['Option One', 'Option Two', 'Option Three'],
        },
        untitledMulti: { type: 'array', items: { type: 'string', enum: plain } },
        titledMulti: { type: 'array', items: { anyOf: titled('Choice') } },
      },
    }
    return inputRequired({ requests: { answer: elicit('Please choose.', form) } })
  },
})

export const sampling: ToolDefinition = defineTool({
  name: 'test_sampling',
  description: "Asks the client's model to answer a prompt.",
  input: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  run: ({ prompt }, { inputs }) => {
    if (inputs.answer !== undefined) return `LLM response: ${sayCompletion(inputs.answer)}`
    return inputRequired({ requests: { answer: askModel(String(prompt), 100) } })
  },
})

export const missingCapability: ToolDefinition = defineTool({
  name: 'test_missing_capability',
  description: "Cannot do without the client's model.",
  run: (_input, { inputs }) => {
    if (inputs.answer !== undefined) return `LLM response: ${sayCompletion(inputs.answer)}`
    return inputRequired({ requests: { answer: askModel('Say hello.', 20) } })
  },
})

export const streamingElicitation: ToolDefinition = defineTool({
  name: 'test_streaming_elicitation',
  description: 'Reports progress, then asks the user to confirm.',
  run: (_input, context) => {
    if (context.inputs.confirm !== undefined) return sayAnswer(context.inputs.confirm)
    context.report({ progress: 1, total: 2, message: 'One question first.' })
    return inputRequired({ requests: { confirm: elicit('Please confirm', CONFIRM_FORM) } })
  },
})

export const askName: ToolDefinition = defineTool({
  name: 'test_input_required_result_elicitation',
  description: 'Asks for a name and greets.',
  run: (_input, { inputs }) => {
    if (inputs.user_name === undefined) {
      return inputRequired({ requests: { user_name: elicit('What is your name?', NAME_FORM) } })
    }
    const name = acceptedContent(inputs.user_name)?.name
    return name === undefined ? 'Hello, whoever you are!' : `Hello, ${String(name)}!`
  },
})

export const askCapital: ToolDefinition = defineTool({
  name: 'test_input_required_result_sampling',
  description: "Asks the client's model for a capital.",
  run: (_input, { inputs }) => {
    if (inputs.capital_question !== undefined) return sayCompletion(inputs.capital_question)
    return inputRequired({ requests: { capital_question: askModel('What is the capital of France?', 100) } })
  },
})

export const askRoots: ToolDefinition = defineTool({
  name: 'test_input_required_result_list_roots',
  description: "Asks for the client's root folders.",
  run: (_input, { inputs }) => {
    if (inputs.client_roots !== undefined) return sayRoots(inputs.client_roots)
    return inputRequired({ requests: { client_roots: listRoots() } })
  },
})

export const keepState: ToolDefinition = defineTool({
  name: 'test_input_required_result_request_state',
  description: 'Asks to confirm and keeps a state meanwhile.',
  run: (_input, { inputs, state }) => confirmWithState(inputs.confirm, state),
})

export const guardState: ToolDefinition = defineTool({
  name: 'test_input_required_result_tampered_state',
  description: 'Asks to confirm and keeps a state that nobody may change.',
  run: (_input, { inputs, state }) => confirmWithState(inputs.confirm, state),
})

export const askThree: ToolDefinition = defineTool({
  name: 'test_input_required_result_multiple_inputs',
  description: 'Asks for a name, a greeting and the root folders at once.',
  run: (_input, { inputs }) => {
    const { user_name, greeting, client_roots } = inputs
    if (user_name !== undefined && greeting !== undefined && client_roots !== undefined) {
      return [sayAnswer(user_name), sayCompletion(greeting), sayRoots(client_roots)].join('; ')
    }
    const requests = {
      user_name: elicit('What is your name?', NAME_FORM),
      greeting: askModel('Generate a greeting', 50),
      client_roots: listRoots(),
    }
    return inputRequired({ requests, state: { asked: 3 } })
  },
})

export const askTwice: ToolDefinition = defineTool({
  name: 'test_input_required_result_multi_round',
  description: 'Asks for a name, then for a color.',
  run: (_input, { inputs, state }) => {
    const known = state as { step: number; name?: unknown } | undefined
    if (known?.step === 2 && inputs.step2 !== undefined) {
      return `${String(known.name)} likes ${String(acceptedContent(inputs.step2)?.color)}.`
    }
    if (known?.step === 1 && inputs.step1 !== undefined) {
      const name = acceptedContent(inputs.step1)?.name ?? 'Somebody'
      return inputRequired({
        requests: { step2: elicit('Step 2: What is your favorite color?', COLOR_FORM) },
        state: { step: 2, name },
      })
    }
    const requests = { step1: elicit('Step 1: What is your name?', NAME_FORM) }
    return inputRequired({ requests, state: { step: 1 } })
  },
})

export const askWhatIsPossible: ToolDefinition = defineTool({
  name: 'test_input_required_result_capabilities',
  description: 'Asks only in the ways that the client declared.',
  run: (_input, { inputs, client }) => {
    if (Object.keys(inputs).length > 0) return `Answered: ${Object.keys(inputs).sort().join(', ')}`
    const requests: Record<string, InputRequest> = {}
    if (client.capabilities.elicitation !== undefined) requests.user_name = elicit('What is your name?', NAME_FORM)
    if (client.capabilities.sampling !== undefined) requests.greeting = askModel('Generate a greeting', 50)
    return Object.keys(requests).length > 0 ? inputRequired({ requests }) : 'This client cannot be asked anything.'
  },
})

function confirmWithState(answer: InputResponse | undefined, state: unknown): unknown {
  const isKept = (state as { waitsFor?: string } | undefined)?.waitsFor === 'confirm'
  if (answer !== undefined && isKept) return `state-ok: ${sayAnswer(answer)}`
  return inputRequired({
    requests: { confirm: elicit('Please confirm', CONFIRM_FORM) },
    state: { waitsFor: 'confirm' },
  })
}

function askModel(text: string, maxTokens: number): InputRequest {
  return sample({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens })
}

function titled(noun: string): { const: string; title: string }[] {
  return ['First', 'Second', 'Third'].map((order, index) => ({ const: `value${index + 1}`, title: `${order} ${noun}` }))
}

function sayAnswer(answer: InputResponse): string {
  if (!('action' in answer)) return 'not the answer to a form'
  return `action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`
}

function sayCompletion(answer: InputResponse): string {
  if (!('model' in answer)) return 'not the answer of a model'
  const content = answer.content as { text?: string }
  return content.text ?? JSON.stringify(answer.content)
}

function sayRoots(answer: InputResponse): string {
  return 'roots' in answer ? `Roots: ${answer.roots.map((root) => root.uri).join(', ')}` : 'not a list of roots'
}
