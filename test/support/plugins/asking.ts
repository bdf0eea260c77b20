import { definePlugin, defineTool, type PluginLog } from '@millrace/toolkit';
import { z } from 'zod';

const greet = defineTool({
  name: 'greet',
  description: 'Asks the user for a name.',
  annotations: { readOnlyHint: true },
  handler: async (_, { elicit }) => {
    const answer = await elicit({
      message: 'Who are you?',
      requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    });
    return answer.action === 'accept' ? `Hello, ${answer.content?.['name']}!` : 'Hello, stranger!';
  },
});

const summarise = defineTool({
  name: 'summarise',
  description: 'Asks the model of the client.',
  annotations: { readOnlyHint: true },
  handler: async (_, { sample }) => {
    const content = { type: 'text', text: 'Summarise the harvest' } as const;
    const { model, content: said } = await sample({ messages: [{ role: 'user', content }], maxTokens: 20 });
    return `${model} says: ${'text' in said ? said.text : 'nothing'}`;
  },
});

const listFolders = defineTool({
  name: 'list_folders',
  description: 'Asks on which folders the client works.',
  annotations: { readOnlyHint: true },
  handler: async (_, { listRoots }) => (await listRoots()).roots.map(({ uri }) => uri).join(' '),
});

/** What a tool gets that waits in vain stands in the log: its client has long been told that its time was up. */
const askBriefly = (log: PluginLog) =>
  defineTool({
    name: 'ask_briefly',
    description: 'Asks the user, and has 300 ms for the answer.',
    annotations: { readOnlyHint: true },
    timeoutMs: 300,
    handler: async (_, { elicit }) => {
      try {
        await elicit({ message: 'Quick!', requestedSchema: { type: 'object', properties: {} } });
      } catch (error) {
        const { name, message } = error as Error;
        log.info({ name, message }, 'asked in vain');
        throw error;
      }
      return 'in time';
    },
  });

const touch = defineTool({
  name: 'touch',
  description: 'Says that a resource has changed.',
  input: z.object({ uri: z.string() }),
  handler: ({ uri }, { resourceUpdated }) => {
    resourceUpdated(uri);
    return 'touched';
  },
});

/** Tools that talk to the client in the middle of a call, or to those who follow a resource. */
export default definePlugin({
  name: 'asking',
  version: '1.0.0',
  tools: [greet, summarise, listFolders, touch],
  setup: ({ log }) => ({ tools: [askBriefly(log)] }),
});
