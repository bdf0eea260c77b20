import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';
import { admin, millrace } from './millrace.ts';

const TOKEN = 'a token that operators show';
const SHOWN = { authorization: `Bearer ${TOKEN}` };
const cluster = await startCluster({
  workers: 2,
  env: { MILLRACE_HEARTBEAT_MS: '200' },
  frontDoorEnv: { MILLRACE_ADMIN_TOKEN: TOKEN },
});
afterAll(() => cluster.stop());

const echo = toolCall('echo', { text: 'x' });
const poolState = async () => (await admin(cluster, 'GET', '/pools/default', SHOWN)).body['state'];
const nameOfError = async () => (await send(cluster.url, echo)).message.error?.data?.['name'];
const PATIENCE = { timeout: 10_000, interval: 50 };

test('pools are listed with what waits and runs', async () => {
  const { stdout } = await millrace(cluster, 'pools');
  expect(stdout).toMatch(/^POOL +STATE +WAITING +RUNNING +SLOTS +WORKERS +DEAD LETTERS$/m);
  expect(stdout).toMatch(/^default +open +0 +0 +128 +2 +0$/m);
});

test('calls of a paused pool wait, and run when it is resumed', async () => {
  expect((await millrace(cluster, 'pools pause default')).stdout).toMatch(/^default is paused/);
  const answer = send(cluster.url, echo);
  await expect
    .poll(async () => (await admin(cluster, 'GET', '/pools/default', SHOWN)).body, PATIENCE)
    .toMatchObject({ state: 'paused', waiting: 1, active: 0 });
  await admin(cluster, 'POST', '/pools/default/resume', SHOWN);
  expect((await answer).message.result).toMatchObject({ content: [{ text: 'x' }] });
  expect(await poolState()).toBe('open');
});

test('a pool that is drained takes no new calls, and ends those that it has', async () => {
  const held = send(cluster.url, toolCall('hold', { key: 'last' }));
  await cluster.logged('started', { key: 'last' });
  const drained = millrace(cluster, 'pools drain default --wait');
  await expect.poll(nameOfError, PATIENCE).toBe('pool_draining');
  expect(await poolState()).toBe('draining');
  cluster.release('last');
  expect((await held).message.result).toBeDefined();
  expect((await drained).stdout).toMatch(/^default is draining: 0 calls wait, 0 run/);
  await millrace(cluster, 'pools resume default');
  await expect.poll(nameOfError, PATIENCE).toBeUndefined();
});

test('a worker that is drained ends what it has, takes nothing new, and takes work again', async () => {
  const [one, other] = cluster.workers;
  const held = send(cluster.url, toolCall('hold', { key: 'on one' }));
  const victim = await cluster.logged('started', { key: 'on one' });
  const workers = JSON.parse((await millrace(cluster, 'workers --json')).stdout) as {
    id: string;
    pid: number;
  }[];
  const id = workers.find(({ pid }) => pid === victim.pid)?.id ?? '';
  expect((await millrace(cluster, `workers drain ${id}`)).stdout).toBe(`${id} takes no new work\n`);
  await victim.logs.first('takes no new work, by order');
  const answered = async () => (await send(cluster.url, toolCall('where_am_i'))).message.result;
  const byTheOther = { content: [{ text: String((victim === one ? other : one)?.pid) }] };
  // What it had asked for before the order may still come.
  await expect.poll(answered, PATIENCE).toMatchObject(byTheOther);
  for (let n = 0; n < 5; n += 1) expect(await answered()).toMatchObject(byTheOther);
  cluster.release('on one');
  expect((await held).message.result).toBeDefined();
  expect((await admin(cluster, 'GET', `/workers/${id}`, SHOWN)).body).toMatchObject({
    drained: true,
    pools: [],
  });
  expect((await admin(cluster, 'POST', `/workers/${id}/resume`, SHOWN)).status).toBe(202);
  await victim.logs.first('takes work again, by order');
  await expect
    .poll(async () => (await admin(cluster, 'GET', '/pools/default', SHOWN)).body, PATIENCE)
    .toMatchObject({ workers: 2, slots: 128 });
});

test.each([
  ['pools burn default', 2, /expected list, pause, resume or drain, not "burn"/],
  ['pools pause', 2, /POOL: ""/],
  ['workers drain w-unknown', 1, /there is no live worker w-unknown/],
  ['workers stop w-1', 2, /expected drain or resume/],
])('%s: exit code %i', async (line, code, message) => {
  const printed = await millrace(cluster, line);
  expect([printed.code, printed.stderr]).toEqual([code, expect.stringMatching(message)]);
});

test.each([
  ['POST', '/pools/default', 404],
  ['POST', '/pools/default/burn', 404],
  ['POST', '/pools/a%20b/pause', 400],
  ['POST', '/workers/w-unknown/drain', 404],
  ['DELETE', '/pools/default', 405],
] as const)('%s %s is %i', async (method, path, status) => {
  expect(await admin(cluster, method, path, SHOWN)).toMatchObject({
    status,
    body: { error: expect.any(String) },
  });
});

test('without the token nothing is told or done', async () => {
  expect((await admin(cluster, 'GET', '/pools')).status).toBe(401);
  expect((await admin(cluster, 'POST', '/pools/default/pause', { authorization: 'Bearer x' })).status).toBe(
    401,
  );
  expect(await poolState()).toBe('open');
});
