import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import { afterAll, expect, test, vi } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { textOf } from '../support/session.ts';
import { modernRequest, send, toolCall } from '../support/wire.ts';

/**
 * An answer is given to somebody else only where its tool says so: to all, to those of the same tenant, or, unless it
 * says anything, to nobody but the caller.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 2, plugins: ['sharing'], env: WITH_API_KEYS });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const owner = await makeKey(cluster, { tenant: 'acme' });
const colleague = await makeKey(cluster, { tenant: 'acme' });
const stranger = await makeKey(cluster, { tenant: 'other' });
const namesake = await makeKey(cluster, { tenant: 'other', subject: owner.record.subject });
const demoted = await makeKey(cluster, {
  tenant: 'acme',
  subject: owner.record.subject,
  roles: ['execute:tools'],
});
const everybody = [owner, colleague, stranger, namesake];

function runs(tool: string, id: string): number {
  return cluster.workers.flatMap((worker) => worker.logs.having('ran', { tool, id })).length;
}

async function call(who: TestKey, tool: string, id: string, meta: Record<string, unknown> = {}) {
  const url = everybody.indexOf(who) % 2 ? there : here;
  return textOf((await send(url, as(who, toolCall(tool, { id }, meta)))).message);
}

test.each([
  ['for_all', 1],
  ['for_tenant', 2],
  ['for_one', 4],
])('the cache: %s is run %d times for two callers of each of two tenants', async (tool, count) => {
  for (const who of [...everybody, ...everybody]) await call(who, tool, 'cache');
  expect(runs(tool, 'cache')).toBe(count);
});

test('the cache: a private result is not given to a caller that may do less by now', async () => {
  const text = await call(owner, 'for_one', 'roles');
  expect(await call(owner, 'for_one', 'roles')).toBe(text);
  expect(await call(demoted, 'for_one', 'roles')).not.toBe(text);
});

test('the cache: a private read of a resource is another one for each caller', async () => {
  const read = async (who: TestKey) => {
    const { message } = await send(here, as(who, modernRequest('resources/read', { uri: 'user://ada' })));
    return (message.result as unknown as { contents: [{ text: string }] }).contents[0].text;
  };
  const texts = await Promise.all(everybody.map(read));
  expect(new Set(texts).size).toBe(4);
  expect(await Promise.all(everybody.map(read))).toEqual(texts);
});

test('the cache: who may not call a tool does not get its cached result either', async () => {
  await call(owner, 'for_all', 'forbidden');
  const reader = await makeKey(cluster, { tenant: 'acme', roles: ['read:resources'] });
  const { message } = await send(here, as(reader, toolCall('for_all', { id: 'forbidden' })));
  expect(message.error?.data).toMatchObject({ name: 'permission_denied' });
});

test.each([
  ['held', 4],
  ['held_by_tenant', 2],
])('in flight: %s is run %d times for two callers of each of two tenants', async (tool, count) => {
  const calls = everybody.map((who) => call(who, tool, `flight ${tool}`));
  await vi.waitFor(() => expect(runs(tool, `flight ${tool}`)).toBe(count));
  cluster.release(`flight ${tool}`);
  expect(new Set(await Promise.all(calls)).size).toBe(count);
});

test('an idempotency key is that of its caller: another one may use the same', async () => {
  const meta = { [IDEMPOTENCY_META_KEY]: 'the same key' };
  const texts = await Promise.all(everybody.map((who) => call(who, 'effect', 'keys', meta)));
  expect(new Set(texts).size).toBe(4);
  expect(await Promise.all(everybody.map((who) => call(who, 'effect', 'keys', meta)))).toEqual(texts);
});
