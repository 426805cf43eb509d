import { defineResource, type ResourceDefinition, type ResourceTemplateDefinition } from 'toolgate'
import { RED_PIXEL_PNG } from '../media.ts'

/** Text, bytes, a template and a resource to watch. */

export const staticText: ResourceDefinition = defineResource({
  name: 'static-text',
  description: 'A text that never changes.',
  uri: 'test://static-text',
  mimeType: 'text/plain',
  read: () => 'This is the content of the static text resource.',
})

export const staticBinary: ResourceDefinition = defineResource({
  name: 'static-binary',
  description: 'An image that never changes.',
  uri: 'test://static-binary',
  mimeType: 'image/png',
  read: () => Buffer.from(RED_PIXEL_PNG, 'base64'),
})

export const watched: ResourceDefinition = defineResource({
  name: 'watched-resource',
  description: 'A text to subscribe to.',
  uri: 'test://watched-resource',
  mimeType: 'text/plain',
  read: () => 'Watched resource content.',
})

export const template: ResourceTemplateDefinition = defineResource({
  name: 'template-data',
  description: 'Data by id.',
  uriTemplate: 'test://template/{id}/data',
  mimeType: 'application/json',
  complete: { id: (typed) => ['123', '124', '200'].filter((id) => id.startsWith(typed)) },
  read: (_uri, { id }) => ({ id, templateTest: true, data: `Data for ID: ${id}` }),
})
