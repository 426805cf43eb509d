import { defineResource, defineTool, type ResourceDefinition, type ToolDefinition } from 'toolgate'

const URI = 'ui://clock/view.html'
const TYPE = 'text/html;profile=mcp-app'
const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Clock</title></head>
  <body><p>The clock is shown here.</p></body>
</html>`

export const showClock: ToolDefinition = defineTool({
  name: 'show_clock',
  description: 'Shows the time.',
  annotations: { readOnlyHint: true },
  meta: { ui: { resourceUri: URI, visibility: ['model', 'app'] } },
  // The text is for hosts that show no pages, and for the model.
  run: () => `It is ${new Date().toISOString()}.`,
})

export const clockPage: ResourceDefinition = defineResource({
  name: 'clock-page',
  uri: URI,
  mimeType: TYPE,
  read: () => [{ uri: URI, mimeType: TYPE, text: PAGE, _meta: { ui: { csp: { connectDomains: [] } } } }],
})
