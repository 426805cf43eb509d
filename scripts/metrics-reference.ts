import { CALLER_FAULTS } from '../src/observe/metrics/error-type.ts'
import { METRICS, type Metric, sampleNameOf } from '../src/observe/metrics/metric-table.ts'

/** docs/reference/metrics.md, made from the table that the registry is built from. */
export function metricsReference(): string {
  const all = Object.entries(METRICS)
  const rows = all.map(([name, metric]) => [
    `\`${sampleNameOf(name, metric)}\``,
    metric.type,
    labels(metric),
    metric.help,
  ])
  const histograms = all.filter(([, { buckets }]) => buckets !== undefined)
  return `# Metrics

What \`GET /metrics\` answers. [Watch a server](../how-to/watch-a-server.md) shows how to read it.

| metric | type | labels | what it says |
|---|---|---|---|
${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

What begins with \`mcp_\` has the names of the [semantic conventions](https://github.com/open-telemetry/semantic-conventions-genai) of
OpenTelemetry for MCP, which are still in development. The method, the name of the tool or prompt, \`error_type\`,
\`rpc_response_status_code\` and \`network_transport\` (\`tcp\`, \`pipe\` or \`memory\`) are theirs; \`toolgate_era\` is \`legacy\` or \`modern\`.
A label that has nothing to say is left out.

## Bounds

- \`_OTHER\` stands for methods and names that are not in the catalog, since callers choose those, and for what is beyond a limit:
  \`metrics.maxClients\` clients, 1,000 names of each kind of capability, 5,000 series of a metric. Names are cut at 128 characters.
- \`client\` is the name of the key, never what a client says of itself.
- No session, tenant, address, URI or argument is ever a label. A read is told by the name of the resource or template.

## Errors of the server

\`error_type\` is \`tool_error\` for a tool that answered with \`isError\`, \`timeout\`, \`cancelled\`, or the code of the JSON-RPC error. These codes are
the caller's fault: \`rpc_response_status_code\` has them, \`error_type\` does not.

| code | what it is |
|---|---|
${CALLER_FAULTS.map(({ from, to, why }) => `| ${from === to ? from : `${from} to ${to}`} | ${why} |`).join('\n')}

## Buckets

In seconds.

| metric | upper bounds |
|---|---|
${histograms.map(([name, { buckets = [] }]) => `| \`${name}\` | ${buckets.join(', ')} |`).join('\n')}
`
}

function labels({ labels: names, type }: Metric): string {
  const all = type === 'histogram' ? [...names, 'le'] : names
  return all.length === 0 ? '—' : all.map((name) => `\`${name}\``).join(', ')
}
