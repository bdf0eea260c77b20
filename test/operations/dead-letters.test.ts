import { DeadLetters, disconnect, Keys } from '@millrace/broker';
import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { admin, millrace } from './millrace.ts';

const cluster = await startCluster();
const redis = await connectRedis(cluster.redisUrl);
const letters = new DeadLetters(redis, new Keys(cluster.prefix));
afterAll(async () => {
  disconnect(redis);
  await cluster.stop();
});

/** A call of `echo` that was given up, as the queue would have kept it. */
function addLetter(text: string, { tenant = 'acme', more = {} } = {}): Promise<string> {
  return letters.add({
    pool: 'default',
    call: {
      id: 'f-gone.1',
      method: 'tools/call',
      target: 'echo',
      params: { name: 'echo', arguments: { text, ...more } },
      revision: '2026-07-28',
      deadline: Date.now(),
      principal: { id: 'ada', tenant },
      seal: 'grants something',
    },
    frontDoor: 'f-gone',
    deaths: 3,
    reason: 'each worker that had it was lost',
  });
}

const answerOf = (call: string) =>
  expect.poll(() => redis.get(`${cluster.prefix}:reply:${call}`), { timeout: 10_000 });

test('the command lists letters, shows one, replays it, and deletes others', async () => {
  const [first, second] = [await addLetter('one'), await addLetter('two')];
  const listed = await millrace(cluster, 'dead-letters list default');
  expect(listed.stdout).toMatch(new RegExp(`^${first} +20.* +echo +acme +ada +3 +each worker`, 'm'));
  const page = JSON.parse((await millrace(cluster, 'dead-letters list default --limit 1 --json')).stdout);
  expect(page).toMatchObject({ letters: [{ id: first, tenant: 'acme' }], next: second });
  expect(JSON.stringify(page)).not.toContain('grants something');

  const shown = await millrace(cluster, `dead-letters inspect default ${first}`);
  expect(JSON.parse(shown.stdout)).toMatchObject({
    id: first,
    call: { params: { arguments: { text: 'one' } } },
  });
  expect(shown.stdout).not.toContain('grants something');

  const replayed = await millrace(cluster, `dead-letters replay default ${first}`);
  const [, call = ''] = /^replayed \S+ as (\S+)$/m.exec(replayed.stdout) ?? [];
  await answerOf(call).toContain('one');

  expect((await millrace(cluster, `dead-letters delete default ${second}`)).stdout).toBe(
    `deleted ${second}\n`,
  );
  expect(await letters.count('default')).toBe(0);
});

test('all letters of a pool are replayed, or deleted, at once', async () => {
  for (const text of ['one', 'two', 'three']) await addLetter(text);
  const { stdout } = await millrace(cluster, 'dead-letters replay default --all');
  const calls = [...stdout.matchAll(/^replayed \S+ as (\S+)$/gm)].map(([, call = '']) => call);
  for (const call of calls) await answerOf(call).toContain('text');
  expect(calls).toHaveLength(3);
  for (const text of ['four', 'five']) await addLetter(text);
  expect(
    (await millrace(cluster, 'dead-letters delete default --all')).stdout.match(/deleted/g),
  ).toHaveLength(2);
  expect(await letters.count('default')).toBe(0);
});

test('nobody is shown a secret that was sent with a call, and a replay sends it again', async () => {
  const id = await addLetter('Bearer hunter2', { more: { password: 'hunter2', city: 'Ulm' } });
  const shown = {
    call: { params: { arguments: { text: '[redacted]', password: '[redacted]', city: 'Ulm' } } },
  };
  const [inspected, listed, table] = await Promise.all([
    millrace(cluster, `dead-letters inspect default ${id}`),
    millrace(cluster, 'dead-letters list default --json'),
    millrace(cluster, 'dead-letters list default'),
  ]);
  expect(JSON.parse(inspected.stdout)).toMatchObject(shown);
  expect(JSON.parse(listed.stdout)).toMatchObject({ letters: [shown] });
  const one = await admin(cluster, 'GET', `/dead-letters/default/${id}`);
  expect(one.body).toMatchObject(shown);
  const page = await admin(cluster, 'GET', '/dead-letters/default');
  const all = [inspected.stdout, listed.stdout, table.stdout, JSON.stringify([one.body, page.body])];
  expect(all.join()).not.toContain('hunter2');

  const replayed = await millrace(cluster, `dead-letters replay default ${id}`);
  const [, call = ''] = /^replayed \S+ as (\S+)$/m.exec(replayed.stdout) ?? [];
  await answerOf(call).toContain('Bearer hunter2');
});

test('letters of one tenant are looked after without those of others', async () => {
  const acme = await addLetter('one', { tenant: 'acme' });
  const other = await addLetter('two', { tenant: 'other' });
  const listed = await millrace(cluster, 'dead-letters list default --tenant other --json');
  const { letters: found } = JSON.parse(listed.stdout);
  expect(found).toEqual([expect.objectContaining({ id: other, tenant: 'other' })]);
  const attempts = ['inspect', 'replay', 'delete'].map((action) =>
    millrace(cluster, `dead-letters ${action} default ${acme} --tenant other`),
  );
  for (const { code, stderr } of await Promise.all(attempts)) {
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no dead letter')]);
  }
  const page = await admin(cluster, 'GET', '/dead-letters/default?tenant=acme');
  expect(page.body).toEqual({ letters: [expect.objectContaining({ id: acme, tenant: 'acme' })] });
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/replay'],
    ['DELETE', ''],
  ] as const) {
    const answer = await admin(cluster, method, `/dead-letters/default/${acme}${path}?tenant=other`);
    expect(answer.status).toBe(404);
  }
  const shown = await admin(cluster, 'GET', `/dead-letters/default/${acme}?tenant=acme`);
  expect(shown).toMatchObject({ status: 200, body: { id: acme, tenant: 'acme' } });
  const deleted = await millrace(cluster, 'dead-letters delete default --all --tenant other');
  expect(deleted.stdout).toBe(`deleted ${other}\n`);
  expect((await admin(cluster, 'DELETE', `/dead-letters/default/${acme}?tenant=acme`)).status).toBe(200);
  expect(await letters.count('default')).toBe(0);
});

test.each([
  ['dead-letters', 2, /POOL: ""/],
  ['dead-letters burn default', 2, /expected list, inspect, replay or delete, not "burn"/],
  ['dead-letters list a/b', 2, /POOL: "a\/b"/],
  ['dead-letters inspect default 1-1', 1, /there is no dead letter 1-1 in the pool default/],
  ['dead-letters delete default', 2, /expected ids of letters, or --all/],
  ['dead-letters list default --limit 0', 2, /--limit: "0"/],
])('%s: exit code %i', async (line, code, message) => {
  const printed = await millrace(cluster, line);
  expect([printed.code, printed.stderr]).toEqual([code, expect.stringMatching(message)]);
});

test('where there is no Redis, the command says so', async () => {
  const printed = await millrace(cluster, 'dead-letters list default', { REDIS_URL: 'redis://127.0.0.1:1' });
  expect([printed.code, printed.stderr]).toEqual([
    3,
    expect.stringContaining('127.0.0.1:1 could not be reached'),
  ]);
});

test('the admin port does the same', async () => {
  const id = await addLetter('over HTTP');
  const list = await admin(cluster, 'GET', '/dead-letters/default?limit=5');
  expect(list.body).toMatchObject({ letters: [{ id, call: { target: 'echo', principal: { id: 'ada' } } }] });
  expect(JSON.stringify(list.body)).not.toContain('over HTTP');

  const one = await admin(cluster, 'GET', `/dead-letters/default/${id}`);
  expect(one.body).toMatchObject({ call: { params: { arguments: { text: 'over HTTP' } } } });
  expect(JSON.stringify(one.body)).not.toContain('grants something');

  const replayed = await admin(cluster, 'POST', `/dead-letters/default/${id}/replay?timeoutMs=5000`);
  expect(replayed).toMatchObject({ status: 202, body: { replayed: id } });
  await answerOf(String(replayed.body['call'])).toContain('over HTTP');

  const other = await addLetter('x');
  expect((await admin(cluster, 'DELETE', `/dead-letters/default/${other}`)).body).toEqual({ deleted: other });
  expect(await letters.count('default')).toBe(0);
});

test.each([
  ['GET', '/dead-letters', 400],
  ['GET', '/dead-letters/default/1-1', 404],
  ['GET', '/dead-letters/default?limit=many', 400],
  ['GET', '/dead-letters/default?from=x', 400],
  ['POST', '/dead-letters/default/1-1/replay', 404],
  ['POST', '/dead-letters/default/1-1', 404],
  ['DELETE', '/dead-letters/default/1-1', 404],
] as const)('%s %s is %i', async (method, path, status) => {
  const answer = await admin(cluster, method, path);
  expect(answer).toMatchObject({ status, body: { error: expect.any(String) } });
});

test('a web page of this machine cannot do anything', async () => {
  const answer = await admin(cluster, 'GET', '/dead-letters/default', { origin: 'http://localhost:3000' });
  expect(answer.status).toBe(403);
});
