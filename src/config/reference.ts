import { configSchemaNode, type SchemaNode } from './describe-schema.ts'

/** docs/reference/config.md: every option with its type, default and meaning, made from the schema. */
export function configReference(): string {
  const root = configSchemaNode()
  const { connectors, ...others } = root.properties ?? {}
  const forms = connectors?.items?.oneOf ?? []
  const sinks = others.audit?.properties?.sinks
  return `# Configuration

One file explains a deployment: \`toolgate.yaml\`, \`toolgate.yml\` or \`toolgate.config.ts\`. Every option is below; one that is not is a
mistake. \`toolgate check\` reports all mistakes at once, \`toolgate config print\` shows the effective values with secrets masked.
[Write a config](../how-to/write-a-config.md) shows how.

- Paths are relative to the folder of the file.
- \`\${NAME}\` in any text is taken from the environment, \`\${NAME:-default}\` has a default for when it is unset or empty, and \`$\${\` is a
  literal \`\${\`. Where a number or a boolean is due, the text is read as one.
- In paths below, \`[]\` is any item of a list and \`*\` any name.

## Options

${writeTable(listOptions({ properties: others }, ''))}

## Connectors

${connectors?.description ?? ''} Each has a \`type\` and the options of that type.
${forms.map((form) => writeForm(form, 'connectors[]')).join('')}
## Audit sinks

${sinks?.description ?? ''} Each has a \`type\` and the options of that type.
${(sinks?.items?.oneOf ?? []).map((form) => writeForm(form, 'audit.sinks[]')).join('')}`
}

interface Option {
  readonly path: string
  readonly node: SchemaNode
  readonly isRequired: boolean
}

function listOptions(node: SchemaNode, prefix: string): readonly Option[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const isRequired = node.required?.includes(name) === true
    return [{ path, node: child, isRequired }, ...listInner(child, path)]
  })
}

function listInner(node: SchemaNode, path: string): readonly Option[] {
  const named = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined
  if (named !== undefined) return listOptions(named, `${path}.*`)
  return node.items === undefined ? listOptions(node, path) : listOptions(node.items, `${path}[]`)
}

function writeForm(form: SchemaNode, path: string): string {
  return `
### ${String(form.properties?.type?.const)}

${writeTable(listOptions(form, path))}
`
}

function writeTable(options: readonly Option[]): string {
  const rows = options.map(({ path, node, isRequired }) => {
    const cells = [`\`${path}\``, writeType(node), writeDefault(node, isRequired), node.description ?? '']
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  })
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

function writeType(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ')
  if (node.type === 'integer') return `whole number, ${node.minimum} to ${node.maximum}`
  if (node.type === 'array') return node.items?.properties === undefined ? 'list of texts' : 'list'
  if (node.type === 'object') return 'mapping'
  return node.type === 'boolean' ? '`true`, `false`' : 'text'
}

function writeDefault(node: SchemaNode, isRequired: boolean): string {
  if (isRequired) return 'required'
  if (node.default === undefined || node.properties !== undefined) return ''
  return node.default === '' ? 'empty' : `\`${JSON.stringify(node.default).replaceAll('"', '')}\``
}
