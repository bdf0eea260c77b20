import { afterAll, expect, test } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { pluginPath } from '../support/plugin-path.ts';
import { modernRequest, send } from '../support/wire.ts';

/**
 * A front door holds no tool code. Each worker publishes what it serves in Redis and renews that with each
 * heartbeat; front doors read this catalogue, hear of changes at once, and answer the lists from it.
 */
const cluster = await startCluster({ frontDoorEnv: { MILLRACE_PAGE_SIZE: '4' } });
afterAll(() => cluster.stop());

const FIXTURE_TOOLS = ['add', 'big', 'charge', 'echo', 'fail', 'hold', 'hold_briefly', 'refuse', 'steps'];

async function toolNames(): Promise<string[]> {
  const client = await connectModern(cluster.url);
  return (await client.listTools()).tools.map(({ name }) => name);
}

test('the list of tools comes sorted, page by page; the client puts the pages together', async () => {
  const names = await toolNames();
  expect(names).toEqual(expect.arrayContaining(FIXTURE_TOOLS));
  expect(names).toEqual(names.toSorted());
  const { message } = await send(cluster.url, modernRequest('tools/list'));
  expect(message.result?.['tools']).toHaveLength(4);
});

test('a page names the next one, and the last page names none', async () => {
  const names: unknown[] = [];
  let cursor: unknown;
  do {
    const request = modernRequest('tools/list', cursor === undefined ? {} : { cursor });
    const { result = {} } = (await send(cluster.url, request)).message;
    names.push(...(result['tools'] as { name: string }[]).map(({ name }) => name));
    cursor = result['nextCursor'];
  } while (cursor !== undefined);
  expect(names).toEqual(await toolNames());
});

test('a tool is listed with the JSON Schema of its input and output', async () => {
  const client = await connectModern(cluster.url);
  const add = (await client.listTools()).tools.find(({ name }) => name === 'add');
  expect(add).toMatchObject({
    description: 'Adds two numbers.',
    inputSchema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a', 'b'] },
    outputSchema: { type: 'object', properties: { sum: { type: 'number' } } },
    annotations: { readOnlyHint: true },
  });
});

test('resources, templates and prompts are listed the same way', async () => {
  const client = await connectSession(cluster.url);
  const { resources } = await client.listResources();
  const { resourceTemplates } = await client.listResourceTemplates();
  const { prompts } = await client.listPrompts();
  expect(resources.map(({ uri }) => uri)).toEqual([
    'image://dot',
    'note://broken',
    'note://readme',
    'user://1',
  ]);
  expect(resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual(['user://{id}']);
  expect(prompts.map(({ name }) => name)).toEqual(['translate']);
});

test('the tools of a worker appear when it comes and vanish when it leaves', async () => {
  expect(await toolNames()).not.toContain('shout');
  const [frontDoor] = cluster.frontDoors;
  const worker = await cluster.startWorker({ MILLRACE_PLUGINS: pluginPath('layers') });
  await cluster.seesWorkers(2);
  expect(await toolNames()).toContain('shout');

  const left = frontDoor?.logs.next('the catalogue changed', { workers: 1 });
  await worker.kill('SIGTERM');
  await left;
  expect(await toolNames()).not.toContain('shout');
});
