import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hasPostgres, startPostgres } from '../../apps/example-database/src/testing/postgres-server.ts';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * The changes of a user in the example are events, which any worker replays: on a Postgres server for several workers where
 * its binaries are on the PATH, else on the embedded one of a single worker.
 */
const postgres = hasPostgres() ? await startPostgres() : undefined;
const STARTING_MS = 60_000;
const WORKERS = postgres ? 3 : 1;

const cluster = await startCluster({
  frontDoors: 2,
  workers: WORKERS,
  workerEnv: {
    MILLRACE_PLUGINS: join(import.meta.dirname, '../../apps/example-database/src/index.ts'),
    ...(postgres && { DATABASE_URL: postgres.url }),
  },
});
afterAll(async () => {
  await cluster.stop();
  await postgres?.stop();
}, STARTING_MS);

let turn = 0;
async function call(name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  turn += 1;
  const { message } = await send(cluster.urls[turn % 2] ?? '', toolCall(name, args));
  return message.result ?? {};
}
const structured = async (name: string, args: Record<string, unknown>) =>
  (await call(name, args))['structuredContent'] as Record<string, unknown>;

test(
  'the changes that many workers made to a user, replayed, are the user',
  async () => {
    const { id } = await structured('create_user', { email: 'replayed@millrace.example', name: 'New' });
    const changes = Array.from({ length: 30 }, (_, n) =>
      structured('change_user', { id, name: `Name ${n}` }),
    );
    const last = (await Promise.all(changes)).find(({ version }) => version === 31);
    const history = await structured('user_history', { id, after: 28 });
    expect(history).toMatchObject({ version: 31, replayed: { name: last?.['name'], role: 'viewer' } });
    expect(history['changes']).toHaveLength(3);
    const { users } = await structured('query_users', { limit: 100 });
    expect(users).toContainEqual(expect.objectContaining({ id, name: last?.['name'] }));
  },
  STARTING_MS,
);

test('one of two changes that expect the same version is refused, and says what the version is', async () => {
  const { id } = await structured('create_user', { email: 'raced@millrace.example', name: 'New' });
  const results = await Promise.all(
    ['admin', 'editor'].map((role) => call('change_user', { id, role, expected_version: 1 })),
  );
  expect(results.filter((result) => result['isError'] === true)).toMatchObject([
    { _meta: { 'dev.millrace/error': { type: 'conflict', details: { expected: 1, actual: 2 } } } },
  ]);
});
