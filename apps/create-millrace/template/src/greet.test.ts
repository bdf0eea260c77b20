import { testClient } from '@millrace/toolkit/testing';
import { expect, test } from 'vitest';
import plugin from './plugin.ts';

test('it greets', async () => {
  await using client = await testClient(plugin);
  const { content } = await client.callTool({ name: 'greet', arguments: { name: 'Ada' } });
  expect(content).toEqual([{ type: 'text', text: 'Hello Ada!' }]);
});

test('it wants a name', async () => {
  await using client = await testClient(plugin);
  await expect(client.callTool({ name: 'greet', arguments: { name: '' } })).rejects.toThrow('name');
});
