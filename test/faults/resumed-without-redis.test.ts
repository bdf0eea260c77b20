import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';
import type { JsonRpcResponse } from '../support/wire.ts';

const cluster = await startCluster({
  privateRedis: true,
  frontDoors: 2,
  frontDoorEnv: { MILLRACE_CALL_TIMEOUT_MS: '4000' },
  workerEnv: { MILLRACE_LOCK_MS: '30000' },
});
afterAll(() => cluster.stop());

test('a client that lost its front door, and then Redis, is told at the deadline all the same', async () => {
  const [doomed] = cluster.frontDoors;
  const [url = '', other = ''] = cluster.urls;
  const session = await Session.open(url);
  const call = await session.call(url, 'advance', { key: 'nowhere' }, 3);
  const { id } = await call.message();
  await doomed?.kill('SIGKILL');
  const resumed = await session.stream(other, id);
  await cluster.stopRedis();
  const { message } = await resumed.message();
  expect(message as JsonRpcResponse).toMatchObject({
    id: 3,
    error: { code: -32001, data: { name: 'deadline_exceeded', retryable: false } },
  });
  cluster.release('nowhere');
  await cluster.restartRedis();
});
