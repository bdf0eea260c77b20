import { afterAll, describe, expect, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';

/** Resources, templates, prompts and completion are calls too: they take the same way to a worker and back. */
const cluster = await startCluster();
afterAll(() => cluster.stop());

describe.each([
  { era: '2026', connect: connectModern },
  { era: '2025', connect: connectSession },
])('a $era client', ({ connect }) => {
  test('reads a resource of text', async () => {
    const client = await connect(cluster.url);
    const { contents } = await client.readResource({ uri: 'note://readme' });
    expect(contents).toEqual([{ uri: 'note://readme', mimeType: 'text/plain', text: 'Read me.' }]);
  });

  test('reads a resource of bytes', async () => {
    const client = await connect(cluster.url);
    const { contents } = await client.readResource({ uri: 'image://dot' });
    expect(contents).toEqual([{ uri: 'image://dot', mimeType: 'image/gif', blob: 'R0lG' }]);
  });

  test('reads a resource that a template describes', async () => {
    const client = await connect(cluster.url);
    const { contents } = await client.readResource({ uri: 'user://2' });
    expect(contents).toEqual([{ uri: 'user://2', mimeType: 'text/plain', text: 'Grace' }]);
  });

  test('gets a prompt, with and without its optional argument', async () => {
    const client = await connect(cluster.url);
    const given = await client.getPrompt({ name: 'translate', arguments: { text: 'Ja', language: 'Greek' } });
    expect(given.messages).toEqual([
      { role: 'user', content: { type: 'text', text: 'Translate to Greek: Ja' } },
    ]);
    const without = await client.getPrompt({ name: 'translate', arguments: { text: 'Ja' } });
    expect(without.messages[0]?.content).toMatchObject({ text: 'Translate to English: Ja' });
  });

  test('gets suggestions for an argument of a prompt', async () => {
    const client = await connect(cluster.url);
    const { completion } = await client.complete({
      ref: { type: 'ref/prompt', name: 'translate' },
      argument: { name: 'language', value: 'G' },
    });
    expect(completion).toEqual({ values: ['German', 'Greek'], total: 2, hasMore: false });
  });

  test('gets suggestions for a variable of a template', async () => {
    const client = await connect(cluster.url);
    const { completion } = await client.complete({
      ref: { type: 'ref/resource', uri: 'user://{id}' },
      argument: { name: 'id', value: '' },
    });
    expect(completion.values).toEqual(['1', '2']);
  });
});
