import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasPostgres, startPostgres } from '../../apps/example-database/src/testing/postgres-server.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { callModern } from './keeping.ts';

/** What happened to a thing is written down as events, and what it is now is made of them again. */
const STARTING_MS = 60_000;
const postgres = hasPostgres() ? await startPostgres() : undefined;
afterAll(() => postgres?.stop());

const LOGS: [string, Record<string, string>][] = [['Redis', {}]];
if (postgres) {
  const env = { MILLRACE_STATE_STORE: 'postgres', MILLRACE_STATE_DATABASE_URL: postgres.url };
  LOGS.push(['Postgres', env]);
}

interface Rebuilt {
  readonly state: { readonly balance: number; readonly changes: number };
  readonly version: number;
  readonly replayed: number;
}

describe.each(LOGS)('events in %s', (_, workerEnv) => {
  let cluster: Cluster;
  let [here = '', there = ''] = [''];

  beforeAll(async () => {
    cluster = await startCluster({ frontDoors: 2, workers: 3, plugins: ['keeping'], workerEnv });
    [here = '', there = ''] = cluster.urls;
  }, STARTING_MS);
  afterAll(() => cluster.stop(), STARTING_MS);
  const book = (id: string, expected: number, amounts: number[], url = here) =>
    callModern<{ version?: number; type?: string }>(url, 'book', { id, expected, amounts });
  const balance = (id: string) => callModern<Rebuilt>(there, 'balance', { id });

  test('can be read from any version on', async () => {
    expect(await book('read', 0, [1, 2, 3])).toMatchObject({ version: 3 });
    const { events } = await callModern<{ events: object[] }>(there, 'booked', { id: 'read', after: 1 });
    expect(events).toMatchObject([
      { version: 2, type: 'booked', data: { amount: 2 }, at: expect.any(Number) },
      { version: 3, type: 'booked', data: { amount: 3 } },
    ]);
  });

  test('are appended by one of many workers that expect the same version; the others are told', async () => {
    const writers = Array.from({ length: 8 }, (_, n) => book('race', 0, [n + 1], n % 2 ? here : there));
    const answers = await Promise.all(writers);
    expect(answers.filter(({ version }) => version === 1)).toHaveLength(1);
    const told = answers.filter(({ type }) => type === 'conflict');
    expect(told).toHaveLength(7);
    expect(await balance('race')).toMatchObject({ version: 1, state: { changes: 1 } });
    expect(await book('race', 7, [1])).toMatchObject({
      type: 'conflict',
      message: 'account/race is not of version 7 any more, but of version 1: read it again',
      details: { expected: 7, actual: 1 },
    });
  });

  test('make the same state again, from the last snapshot on', async () => {
    for (let n = 0; n < 25; n += 1) await book('replay', n, [n]);
    expect(await balance('replay')).toMatchObject({
      state: { balance: 300, changes: 25 },
      version: 25,
      replayed: 5,
    });
  });

  test('outlive every worker that wrote them', async () => {
    await book('outlive', 0, [40, 2]);
    const [first] = cluster.workers;
    await first?.kill('SIGKILL');
    expect(await balance('outlive')).toMatchObject({ state: { balance: 42 }, version: 2 });
  });

  test('that cannot be kept are refused as a whole', async () => {
    await book('none', 0, [1]);
    expect(await book('none', 1, [])).toMatchObject({
      type: 'validation',
      message: '1 to 1000 events can be appended at once, not 0',
    });
    expect(await book('x'.repeat(200), 0, [1])).toMatchObject({ details: { reason: 'invalid' } });
    expect(await balance('none')).toMatchObject({ version: 1 });
  });
});
