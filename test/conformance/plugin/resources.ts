import { defineResource, defineResourceTemplate } from '@millrace/toolkit';
import { PNG_BASE64 } from './media.ts';

export const resources = [
  defineResource({
    uri: 'test://static-text',
    name: 'static-text',
    title: 'Static text resource',
    description: 'A text that never changes.',
    mimeType: 'text/plain',
    read: () => 'This is the content of the static text resource.',
  }),
  defineResource({
    uri: 'test://static-binary',
    name: 'static-binary',
    title: 'Static binary resource',
    description: 'An image that never changes.',
    mimeType: 'image/png',
    read: () => Buffer.from(PNG_BASE64, 'base64'),
  }),
  defineResource({
    uri: 'test://watched-resource',
    name: 'watched-resource',
    title: 'Watched resource',
    description: 'A text that clients subscribe to.',
    mimeType: 'text/plain',
    read: () => 'Watched resource content',
  }),
];

export const resourceTemplates = [
  defineResourceTemplate({
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    title: 'Resource template',
    description: 'Data of the id in its URI.',
    mimeType: 'application/json',
    read: (_, { id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
];
