import { afterAll, expect, test } from 'vitest';
import { connectModern } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { toolCall } from '../support/wire.ts';

/**
 * In revision 2026-07-28 a client cancels a call by closing the stream of its answer. The front door then tells the
 * workers of the pool, and the one that runs the call aborts the signal that the tool holds.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 2 });
afterAll(() => cluster.stop());

test('a call that its client cancels ends in the tool', async () => {
  const client = await connectModern(cluster.url);
  const cancel = new AbortController();
  const call = client.callTool({ name: 'hold', arguments: { key: 'unwanted' } }, { signal: cancel.signal });
  call.catch(() => undefined);
  const worker = await cluster.logged('started', { key: 'unwanted' });
  cancel.abort();
  await expect(call).rejects.toThrow();
  const aborted = await worker.logs.first('aborted', { key: 'unwanted' });
  expect(aborted['reason']).toContain('cancelled');
});

test('a client that goes away without a word cancels too', async () => {
  const cancel = new AbortController();
  const { headers, body } = toolCall('hold', { key: 'gone' });
  const request = { method: 'POST', headers, body: JSON.stringify(body), signal: cancel.signal };
  const answer = fetch(cluster.url, request);
  answer.catch(() => undefined);
  const worker = await cluster.logged('started', { key: 'gone' });
  cancel.abort();
  await worker.logs.first('aborted', { key: 'gone' });
});

test('other calls go on, also those of the same client and of another front door', async () => {
  const [first, second] = await Promise.all(cluster.urls.map(connectModern));
  const cancel = new AbortController();
  const hold = (client: typeof first, key: string, signal?: AbortSignal) =>
    client?.callTool({ name: 'hold', arguments: { key } }, signal ? { signal } : {});
  const unwanted = hold(first, 'a', cancel.signal);
  unwanted?.catch(() => undefined);
  const wanted = [hold(first, 'b'), hold(second, 'c')];
  await Promise.all(['a', 'b', 'c'].map((key) => cluster.logged('started', { key })));
  cancel.abort();
  await cluster.logged('aborted', { key: 'a' });
  cluster.release('b');
  cluster.release('c');
  const texts = (await Promise.all(wanted)).map((result) => result?.content);
  expect(texts).toEqual([[{ type: 'text', text: 'b is done' }], [{ type: 'text', text: 'c is done' }]]);
});
