import { afterAll, expect, test } from 'vitest';
import { as, makeKey, type TestKey, WITH_API_KEYS } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import { callInSession, callModern } from './keeping.ts';

/** What one caller keeps does not exist for another, and tenants do not share histories. */
const cluster = await startCluster({ frontDoors: 2, workers: 2, plugins: ['keeping'], env: WITH_API_KEYS });
afterAll(() => cluster.stop());
const [here = '', there = ''] = cluster.urls;

const owner = await makeKey(cluster, { tenant: 'acme' });
const strangers: [string, TestKey][] = [
  ['of another tenant', await makeKey(cluster, { tenant: 'other' })],
  ['of the same tenant', await makeKey(cluster, { tenant: 'acme' })],
  [
    'of the same name in another tenant',
    await makeKey(cluster, { tenant: 'other', subject: owner.record.subject }),
  ],
];
const call = <T>(who: TestKey, name: string, args: object) =>
  callModern<T>(there, name, args, (request) => as(who, request));

test.each(strangers)('a handle is good for its owner, and not for somebody %s', async (_, stranger) => {
  const { handle } = await call<{ handle: string }>(owner, 'keep', { key: 'k', value: 'mine' });
  expect(await call(owner, 'recall', { key: 'k', handle })).toMatchObject({ value: 'mine' });
  for (const name of ['recall', 'forget', 'count']) {
    expect(await call(stranger, name, { key: 'k', handle })).toMatchObject({
      type: 'authorization',
      retryable: false,
      details: { reason: 'forged_handle' },
    });
  }
  expect(await call(owner, 'recall', { key: 'k', handle })).toMatchObject({ value: 'mine' });
});

test('sessions of different callers keep different things under the same key', async () => {
  const keepers = [owner, ...strangers.map(([, key]) => key)];
  const sessions = await Promise.all(keepers.map(({ headers }) => Session.open(here, { headers })));
  await Promise.all(
    sessions.map((session, n) => callInSession(session, here, 'keep', { key: 'k', value: n })),
  );
  const values = sessions.map(
    async (session) => (await callInSession(session, there, 'recall', { key: 'k' })).value,
  );
  expect(await Promise.all(values)).toEqual([0, 1, 2, 3]);
});

test('an account of the same name has a history of its own in each tenant', async () => {
  const [[, other]] = strangers as [[string, TestKey]];
  await call(owner, 'book', { id: 'shared name', expected: 0, amounts: [1, 2, 3] });
  expect(await call(other, 'balance', { id: 'shared name' })).toMatchObject({ version: 0 });
  expect(await call(other, 'book', { id: 'shared name', expected: 0, amounts: [5] })).toMatchObject({
    version: 1,
  });
  expect(await call(owner, 'balance', { id: 'shared name' })).toMatchObject({
    version: 3,
    state: { balance: 6 },
  });
});
