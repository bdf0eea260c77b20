import { IDEMPOTENCY_META_KEY } from '@millrace/protocol';
import { afterAll, expect, test, vi } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { textOf } from '../support/session.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * Answers that are kept or shared go to those alone among whom the tool shares them: whatever a caller of another tenant
 * asks, and by whatever name they are known there, they get an answer of their own.
 */
const cluster = await startCluster({ plugins: ['sharing', 'limits'], env: WITH_API_KEYS });
afterAll(() => cluster.stop());
const { url } = cluster;

const owner = await makeKey(cluster, { tenant: 'acme' });
const [colleague, stranger, namesake] = await Promise.all([
  makeKey(cluster, { tenant: 'acme' }),
  makeKey(cluster, { tenant: 'other' }),
  makeKey(cluster, { tenant: 'other', subject: owner.record.subject }),
]);

async function call(who: TestKey, tool: string, args = {}, meta = {}): Promise<string | undefined> {
  const { message } = await send(url, as(who, toolCall(tool, args, meta)));
  return textOf(message) ?? String(message.error?.data?.['name']);
}

test('a cached answer of a tenant is for the tenant, and a private one for its caller', async () => {
  const ask = (who: TestKey, tool: string) => call(who, tool, { id: 'cached' });
  const forTenant = await ask(owner, 'for_tenant');
  await vi.waitFor(async () => expect(await ask(colleague, 'for_tenant')).toBe(forTenant));
  const forOne = await ask(owner, 'for_one');
  await vi.waitFor(async () => expect(await ask(owner, 'for_one')).toBe(forOne));
  for (const other of [stranger, namesake]) {
    expect(await ask(other, 'for_tenant')).not.toBe(forTenant);
    expect(await ask(other, 'for_one')).not.toBe(forOne);
  }
  expect(await ask(colleague, 'for_one')).not.toBe(forOne);
});

test('an answer that is cached for everybody is still for those alone who may call the tool', async () => {
  const denied = await makeKey(cluster, { tenant: 'acme', roles: ['read:resources'] });
  await call(owner, 'for_all', { id: 'permitted' });
  expect(await call(denied, 'for_all', { id: 'permitted' })).toBe('permission_denied');
});

test('an idempotency key replays the answer to its own caller only', async () => {
  const once = (who: TestKey) =>
    call(who, 'effect', { id: 'once' }, { [IDEMPOTENCY_META_KEY]: 'the-same-key' });
  const first = await once(owner);
  expect(await once(owner)).toBe(first);
  for (const other of [colleague, stranger, namesake]) expect(await once(other)).not.toBe(first);
});

test('a call in flight is not joined from another tenant', async () => {
  const ask = (who: TestKey) => call(who, 'held_by_tenant', { id: 'joined' });
  const runs = () =>
    cluster.workers.flatMap(({ logs }) => logs.having('ran', { tool: 'held_by_tenant' })).length;
  const answers = [ask(owner)];
  await vi.waitFor(() => expect(runs()).toBe(1));
  answers.push(ask(stranger), ask(namesake));
  await vi.waitFor(() => expect(runs()).toBe(2));
  cluster.release('joined');
  const [own, ...others] = await Promise.all(answers);
  expect(others).not.toContain(own);
});

test('the limit of one tenant is not used up by another', async () => {
  for (let count = 0; count < 5; count += 1) expect(await call(owner, 'five_a_tenant')).toBe('done');
  expect(await call(colleague, 'five_a_tenant')).toBe('rate_limited');
  expect(await call(stranger, 'five_a_tenant')).toBe('done');
});
