import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasPostgres, startPostgres } from '../../apps/example-database/src/testing/postgres-server.ts';
import { connectModern, connectSession } from '../support/clients.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import { callInSession, callModern } from './keeping.ts';

/**
 * What a tool keeps in one call is there in the next, on whichever worker that runs: by session for clients of the 2025
 * revisions, by a handle that the client brings back since 2026-07-28.
 */
const STARTING_MS = 60_000;
const WORKERS = 3;
const CALLS = 30;

const postgres = hasPostgres() ? await startPostgres() : undefined;
afterAll(() => postgres?.stop());

const STORES: [string, Record<string, string>][] = [
  ['redis', {}],
  ['hybrid on Redis', { MILLRACE_STATE_STORE: 'hybrid' }],
];
if (postgres) {
  const database = { MILLRACE_STATE_DATABASE_URL: postgres.url };
  STORES.push(['postgres', { MILLRACE_STATE_STORE: 'postgres', ...database }]);
  STORES.push(['hybrid on Postgres', { MILLRACE_STATE_STORE: 'hybrid', ...database }]);
}

describe.each(STORES)('state in the store %s', (_, workerEnv) => {
  let cluster: Cluster;
  let [here = '', there = ''] = [''];

  beforeAll(async () => {
    cluster = await startCluster({
      frontDoors: 2,
      workers: WORKERS,
      plugins: ['keeping'],
      workerEnv: { MILLRACE_SLOTS: '1', MILLRACE_STATE_MAX_BYTES: '1000', ...workerEnv },
    });
    [here = '', there = ''] = cluster.urls;
  }, STARTING_MS);
  afterAll(() => cluster.stop(), STARTING_MS);

  test('of a session is there on every worker and behind every front door', async () => {
    const session = await Session.open(here);
    const { handle } = await callInSession(session, here, 'keep', { key: 'who', value: { name: 'Ada' } });
    expect(handle).toBeUndefined();
    const workers = new Set<number>();
    await expect
      .poll(
        async () => {
          const asked = [here, there, here, there, here, there].map((url) =>
            callInSession(session, url, 'recall', { key: 'who' }),
          );
          for (const { value, worker } of await Promise.all(asked)) {
            expect(value).toEqual({ name: 'Ada' });
            workers.add(worker);
          }
          return workers.size;
        },
        { timeout: 10_000 },
      )
      .toBe(WORKERS);
    const other = await Session.open(there);
    expect(await callInSession(other, here, 'recall', { key: 'who' })).not.toHaveProperty('value');
  });

  test('of a handle is there for who brings it back', async () => {
    const { handle } = await callModern(here, 'keep', { key: 'who', value: 'Grace' });
    expect(handle).toMatch(/^h1\./);
    for (const url of [here, there]) {
      expect(await callModern(url, 'recall', { key: 'who', handle })).toMatchObject({ value: 'Grace' });
    }
    expect(await callModern(there, 'forget', { key: 'who', handle })).toMatchObject({ forgotten: true });
    expect(await callModern(here, 'recall', { key: 'who', handle })).not.toHaveProperty('value');
  });

  test('is never read older than it was written, whoever wrote it', async () => {
    const { handle } = await callModern(here, 'keep', { key: 'n', value: 0 });
    for (let n = 1; n <= 10; n += 1) {
      await Promise.all([here, there].map((url) => callModern(url, 'recall', { key: 'n', handle })));
      await callModern(here, 'keep', { key: 'n', value: n, handle });
      const reads = Array.from({ length: 6 }, () => callModern(there, 'recall', { key: 'n', handle }));
      for (const { value } of await Promise.all(reads)) expect(value).toBe(n);
    }
  });

  test('is counted right by workers that change it at the same time', async () => {
    const { handle } = await callModern(here, 'keep', { key: 'x', value: 0 });
    const counts = await Promise.all(
      Array.from({ length: CALLS }, (_, n) => callModern(n % 2 ? here : there, 'count', { handle })),
    );
    const sorted = counts.map(({ count }) => Number(count)).toSorted((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: CALLS }, (_, n) => n + 1));
    expect(new Set(counts.map(({ worker }) => worker)).size).toBeGreaterThan(1);
  });

  test('can be exchanged once only for the version that was read', async () => {
    const { handle, version } = await callModern(here, 'keep', { key: 'k', value: 'old' });
    const swap = (value: string) =>
      callModern<object>(there, 'exchange', { key: 'k', value, expected: version, handle });
    const answers = await Promise.all([swap('one'), swap('two')]);
    expect(answers).toContainEqual(
      expect.objectContaining({
        type: 'conflict',
        retryable: false,
        details: { reason: 'conflict', key: 'k' },
        message: '"k" was changed by somebody else meanwhile',
      }),
    );
    expect(answers).toContainEqual({ version: expect.any(String), worker: expect.any(Number) });
  });

  test('that has lived its time is gone', async () => {
    const { handle } = await callModern(here, 'keep', { key: 'short', value: 1, ttlMs: 300 });
    await expect
      .poll(() => callModern(there, 'recall', { key: 'short', handle }))
      .not.toHaveProperty('value');
  });

  test('that is too large is refused, and says how large it may be', async () => {
    const { handle } = await callModern(here, 'keep', { key: 'k', value: 'small' });
    const refused = await callModern(here, 'keep', { key: 'k', value: 'x'.repeat(999), handle });
    expect(refused).toMatchObject({
      type: 'validation',
      message: 'The value of "k" has 1001 bytes; 1000 are allowed',
      details: { reason: 'too_large', bytes: 1_001, maxBytes: 1_000 },
    });
    expect(await callModern(there, 'recall', { key: 'k', handle })).toMatchObject({ value: 'small' });
  });

  test('of a handle that was changed, or is none, or is that of another tool, is refused', async () => {
    const { handle = '' } = await callModern(here, 'keep', { key: 'k', value: 1 });
    const last = handle.at(-2) === 'A' ? 'B' : 'A';
    const forged = handle.slice(0, -2) + last + handle.slice(-1);
    expect(await callModern(here, 'recall', { key: 'k', handle: forged })).toMatchObject({
      type: 'authorization',
      retryable: false,
      details: { reason: 'forged_handle' },
    });
    expect(await callModern(there, 'recall_own', { key: 'k', handle })).toMatchObject({
      details: { reason: 'forged_handle' },
    });
    expect(await callModern(there, 'recall', { key: 'k', handle: 'made up' })).toMatchObject({
      type: 'resource_not_found',
      retryable: false,
      details: { reason: 'unknown_handle' },
    });
  });

  test('works through the official clients of both eras', async () => {
    const [modern, session] = await Promise.all([connectModern(here), connectSession(there)]);
    const textOf = (result: unknown) =>
      JSON.parse((result as { content: { text: string }[] }).content[0]?.text ?? '');
    const first = textOf(await modern.callTool({ name: 'count', arguments: {} }));
    const second = await modern.callTool({ name: 'count', arguments: { handle: first.handle } });
    expect([first.count, textOf(second).count]).toEqual([1, 2]);
    for (const count of [1, 2]) {
      expect(textOf(await session.callTool({ name: 'count', arguments: {} }))).toMatchObject({ count });
    }
  });
});
