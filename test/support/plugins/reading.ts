import { definePrompt, defineResource, defineResourceTemplate } from '@millrace/toolkit';
import { z } from 'zod';

const USERS: Readonly<Record<string, string>> = { '1': 'Ada', '2': 'Grace' };
const LANGUAGES = ['German', 'Greek', 'Hungarian'];

const startingWith = (values: readonly string[], value: string) =>
  values.filter((one) => one.startsWith(value));

export const resources = [
  defineResource({ uri: 'note://readme', name: 'readme', read: () => 'Read me.' }),
  defineResource({
    uri: 'image://dot',
    name: 'dot',
    mimeType: 'image/gif',
    read: () => new Uint8Array([71, 73, 70]),
  }),
  defineResource({
    uri: 'note://broken',
    name: 'broken',
    read: () => {
      throw new Error('the note is torn');
    },
  }),
];

export const resourceTemplates = [
  defineResourceTemplate({
    uriTemplate: 'user://{id}',
    name: 'user',
    complete: { id: (value) => startingWith(Object.keys(USERS), value) },
    list: () => [{ uri: 'user://1', name: 'Ada' }],
    read: (_uri, { id }) => USERS[String(id)] ?? 'nobody',
  }),
];

export const prompts = [
  definePrompt({
    name: 'translate',
    description: 'Asks for a translation.',
    arguments: z.object({ text: z.string(), language: z.string().optional() }),
    complete: { language: (value) => startingWith(LANGUAGES, value) },
    render: ({ text, language = 'English' }) => `Translate to ${language}: ${text}`,
  }),
];
