import { setTimeout as pause } from 'node:timers/promises'
import { defineTool, type ToolDefinition } from 'toolgate'

/** What a tool can do while it runs: report, log, close its stream, announce changes. */

export const withProgress: ToolDefinition = defineTool({
  name: 'test_tool_with_progress',
  description: 'Reports progress 0, 50 and 100 of 100.',
  run: async (_input, context) => {
    context.report({ progress: 0, total: 100 })
    await pause(50)
    context.report({ progress: 50, total: 100 })
    await pause(50)
    context.report({ progress: 100, total: 100 })
    return 'Progress was reported.'
  },
})

export const withLogging: ToolDefinition = defineTool({
  name: 'test_tool_with_logging',
  description: 'Sends three log messages of level info.',
  run: async (_input, context) => {
    context.log('info', 'Tool execution started')
    await pause(50)
    context.log('info', 'Tool processing data')
    await pause(50)
    context.log('info', 'Tool execution completed')
    return 'Three messages were logged.'
  },
})

export const loggingTool: ToolDefinition = defineTool({
  name: 'test_logging_tool',
  description: 'Sends one log message of level info and one of level debug.',
  run: (_input, context) => {
    context.log('debug', { step: 'working' }, 'conformance')
    context.log('info', 'Tool executed')
    return 'Two messages were logged.'
  },
})

export const reconnection: ToolDefinition = defineTool({
  name: 'test_reconnection',
  description: 'Closes the response stream and answers afterwards.',
  run: async (_input, context) => {
    context.closeStream()
    await pause(100)
    return 'The answer that came after the stream was closed.'
  },
})

export const triggerToolChange: ToolDefinition = defineTool({
  name: 'test_trigger_tool_change',
  description: 'Announces that the list of tools changed.',
  run: (_input, { notify }) => {
    notify.toolsChanged()
    return 'The change was announced.'
  },
})

export const triggerPromptChange: ToolDefinition = defineTool({
  name: 'test_trigger_prompt_change',
  description: 'Announces that the list of prompts changed.',
  run: (_input, { notify }) => {
    notify.promptsChanged()
    return 'The change was announced.'
  },
})
