import { expect, test } from 'vitest';
import { MockMcpClient } from './mock-mcp-client.ts';

/** Code under test: an agent that takes the client as a parameter. */
async function weather(client: Pick<MockMcpClient, 'callTool'>, city: string): Promise<string> {
  const { content } = await client.callTool({ name: 'forecast', arguments: { city } });
  return `In ${city}: ${(content as { text: string }[])[0]?.text}`;
}

test('it answers what it was told to, and logs what it was asked', async () => {
  const client = new MockMcpClient().respondToTool('forecast', 'sunny');
  expect(await weather(client, 'Bern')).toBe('In Bern: sunny');
  expect(client.callsOf('forecast')).toEqual([{ city: 'Bern' }]);
  expect(client.calls).toEqual([
    { method: 'tools/call', params: { name: 'forecast', arguments: { city: 'Bern' } } },
  ]);
  client.clear();
  expect(client.calls).toEqual([]);
});

test('several responses are given in their order, and the last stays', async () => {
  const client = new MockMcpClient().respondToTool('forecast', 'sun', new Error('away'), 'rain');
  expect(await weather(client, 'A')).toBe('In A: sun');
  await expect(weather(client, 'B')).rejects.toThrow('away');
  expect(await weather(client, 'C')).toBe('In C: rain');
  expect(await weather(client, 'D')).toBe('In D: rain');
});

test('a function answers by what it is asked', async () => {
  const client = new MockMcpClient().respondToTool(
    'forecast',
    ({ arguments: args }) => `${JSON.stringify(args)}!`,
  );
  expect(await weather(client, 'Bern')).toBe('In Bern: {"city":"Bern"}!');
});

test('every method can be set', async () => {
  const client = new MockMcpClient()
    .respond('tools/list', { tools: [{ name: 'forecast' }] })
    .respond('resources/list', { resources: [] })
    .respond('resources/templates/list', { resourceTemplates: [] })
    .respond('resources/read', ({ uri }) => ({ contents: [{ uri, text: 'x' }] }))
    .respond('prompts/list', { prompts: [] })
    .respond('prompts/get', { messages: [] })
    .respond('completion/complete', { completion: { values: ['a'] } });
  await client.connect();
  expect(await client.listTools()).toEqual({ tools: [{ name: 'forecast' }] });
  expect(await client.listResources()).toEqual({ resources: [] });
  expect(await client.listResourceTemplates()).toEqual({ resourceTemplates: [] });
  expect(await client.readResource({ uri: 'a:b' })).toEqual({ contents: [{ uri: 'a:b', text: 'x' }] });
  expect(await client.listPrompts()).toEqual({ prompts: [] });
  expect(await client.getPrompt({ name: 'p' })).toEqual({ messages: [] });
  expect(await client.complete({ ref: { type: 'ref/prompt', name: 'p' } })).toMatchObject({
    completion: { values: ['a'] },
  });
  await client.close();
});

test('what it has no response for is refused by name', async () => {
  const client = new MockMcpClient().respondToTool('forecast', 'sun');
  await expect(client.callTool({ name: 'other' })).rejects.toThrow(
    'the mock client has no response for tools/call other',
  );
  await expect(client.listTools()).rejects.toThrow('no response for tools/list');
  expect(() => client.respond('tools/list')).toThrow('tools/list: expected at least one response');
});
