import { configSchemaNode, type SchemaNode } from './describe-schema.ts'

const FROM_ENVIRONMENT: SchemaNode = { $ref: '#/$defs/fromEnvironment' }

/**
 * JSON Schema 2020-12 of `toolgate.yaml` for editors, published as `toolgate/config.schema.json`. It knows that any
 * value but a connector's type may be taken from the environment and that connectors may be written as a map; what refers to other parts of the
 * file is checked by loading alone.
 */
export function configJsonSchema(): SchemaNode {
  const { $schema, ...schema } = allowEnvironment(configSchemaNode())
  const { connectors, ...properties } = schema.properties ?? {}
  return {
    $schema,
    $id: 'urn:toolgate:config',
    title: 'Toolgate configuration',
    ...schema,
    properties: {
      ...allowShortOAuth(properties),
      ...(connectors === undefined ? {} : { connectors: allowMap(connectors) }),
    },
    $defs: {
      fromEnvironment: {
        description: 'Taken from the environment.',
        type: 'string',
        pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}',
      },
    },
  }
}

/** An editor must not mark `${PORT}` as wrong where a number is due. */
function allowEnvironment(node: SchemaNode): SchemaNode {
  const { description, default: fallback, examples, ...form } = node
  const isNarrow = node.pattern !== undefined || node.enum !== undefined || /^(integer|boolean)$/.test(node.type ?? '')
  if (isNarrow) return { ...annotations(node), anyOf: [form, FROM_ENVIRONMENT] }
  const { items, properties, additionalProperties, oneOf, ...rest } = form
  return {
    ...rest,
    ...annotations(node),
    ...(items === undefined ? {} : { items: allowEnvironment(items) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, allowEnvironment) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: allowIn(additionalProperties) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(allowEnvironment) }),
  }
}

/** A section that defaults to its own defaults says nothing by `{}`. */
function annotations({ description, default: fallback, examples }: SchemaNode): SchemaNode {
  const isEmpty = typeof fallback === 'object' && fallback !== null && Object.keys(fallback).length === 0
  return {
    ...(description === undefined ? {} : { description }),
    ...(examples === undefined ? {} : { examples }),
    ...(fallback === undefined || (isEmpty && !Array.isArray(fallback)) ? {} : { default: fallback }),
  }
}

function allowIn(additional: boolean | SchemaNode): boolean | SchemaNode {
  return typeof additional === 'boolean' ? additional : allowEnvironment(additional)
}

/** In the map the key is the name. */
function allowMap({ description, default: fallback, ...list }: SchemaNode): SchemaNode {
  const forms = list.items?.oneOf?.map(withoutName) ?? []
  return {
    ...annotations({ description: description ?? '', default: fallback }),
    anyOf: [list, { type: 'object', additionalProperties: { oneOf: forms } }],
  }
}

/** `oauth: embedded` is short for the mapping. */
function allowShortOAuth(properties: Readonly<Record<string, SchemaNode>>): Record<string, SchemaNode> {
  const { access, ...others } = properties
  const { oauth, ...rest } = access?.properties ?? {}
  if (access === undefined || oauth === undefined) return { ...properties }
  const { description = '', ...form } = oauth
  const either = { description, anyOf: [{ const: 'embedded' }, form] }
  return { ...others, access: { ...access, properties: { ...rest, oauth: either } } }
}

function withoutName(form: SchemaNode): SchemaNode {
  const { name: _, ...properties } = form.properties ?? {}
  return { ...form, properties, required: form.required?.filter((option) => option !== 'name') ?? [] }
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, to: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value)]))
}
