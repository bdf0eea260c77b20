import { disconnect, Keys, StoredReplies } from '@millrace/broker';
import { RedisTransport } from '@millrace/client';
import { type Call, MODERN_REVISION } from '@millrace/protocol';
import { bearerSeal, ClusterKeys, frontDoorSeal, frontDoorSeals } from '@millrace/security';
import { Client } from '@modelcontextprotocol/client';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { PoolQueue } from '../../libs/broker/src/pool-queue.ts';
import { ENVELOPE_KEY, makeKey, WITH_API_KEYS, withKeyTable } from '../support/api-keys.ts';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';

/**
 * Workers do not trust the queue: a call counts only with the seal of a front door, or of the bearer of an API key, and
 * what the bearer may do is checked again. Whoever can write to Redis, and no more, gets nothing done.
 */
const ROLES = { echoer: { permissions: ['execute:tools'], tools: ['echo'] } };
const cluster = await startCluster({
  env: { ...WITH_API_KEYS, MILLRACE_AUTHORIZATION: JSON.stringify({ roles: ROLES }) },
});
const redis = await connectRedis(cluster.redisUrl);
afterAll(async () => {
  disconnect(redis);
  await cluster.stop();
});
const keys = new Keys(cluster.prefix);
const replies = new StoredReplies(redis, keys);
const queue = new PoolQueue(redis, keys, 'default', 'nobody');

let count = 0;

function aCall(overrides: Partial<Call> = {}): Call {
  count += 1;
  return {
    id: `nobody.${count}`,
    method: 'tools/call',
    target: 'echo',
    params: { name: 'echo', arguments: { text: 'done' } },
    revision: MODERN_REVISION,
    deadline: Date.now() + 20_000,
    principal: { id: 'key:x', tenant: 'default', roles: ['echoer'] },
    ...overrides,
  };
}

/** Puts a call on the queue as whoever can write to Redis does. @returns its result or the message of its error */
async function outcomeOf(call: Call): Promise<string> {
  await queue.add([call]);
  return ended(call);
}

async function ended(call: Call): Promise<string> {
  let outcome = '';
  await expect
    .poll(async () => {
      const [frame] = await replies.take([call.id]);
      if (frame) outcome = frame.payload;
      return outcome;
    })
    .not.toBe('');
  const { content, message } = JSON.parse(outcome);
  return message ?? content[0].text;
}

const REFUSED = 'echo: the call has no valid seal';
const seal = frontDoorSeal(new ClusterKeys(ENVELOPE_KEY));

test('a call that a front door sealed is run', async () => {
  expect(await outcomeOf(seal(aCall()))).toBe('done');
});

test('a call that nobody sealed, or with another secret, is not', async () => {
  expect(await outcomeOf(aCall())).toBe(REFUSED);
  const stranger = frontDoorSeal(new ClusterKeys('a secret that somebody else has made up'));
  expect(await outcomeOf(stranger(aCall()))).toBe(REFUSED);
  const { principal: _, ...anonymous } = aCall();
  expect(await outcomeOf(seal(anonymous))).toBe(REFUSED);
});

test.each<[string, Partial<Call>]>([
  ['other arguments', { params: { name: 'echo', arguments: { text: 'changed' } } }],
  ['more roles', { principal: { id: 'key:x', tenant: 'default', roles: ['echoer', 'admin:access'] } }],
  ['another principal', { principal: { id: 'key:y', tenant: 'default', roles: ['echoer'] } }],
  ['another tenant', { principal: { id: 'key:x', tenant: 'other', roles: ['echoer'] } }],
  ['more time', { deadline: Date.now() + 3_600_000 }],
  ['another id', { id: 'nobody.again' }],
])('a seal does not hold for %s', async (_, change) => {
  expect(await outcomeOf({ ...seal(aCall()), ...change })).toBe(REFUSED);
});

test('the seal of a batch holds for all of its calls, and for none when one was changed', async () => {
  const seals = frontDoorSeals(new ClusterKeys(ENVELOPE_KEY));
  const good = seals([aCall(), aCall()]);
  await queue.add(good);
  expect(await Promise.all(good.map(ended))).toEqual(['done', 'done']);
  const [first, second] = seals([aCall(), aCall()]) as [Call, Call];
  const changed = [first, { ...second, params: { name: 'echo', arguments: { text: 'other' } } }];
  await queue.add(changed);
  expect(await Promise.all(changed.map(ended))).toEqual([REFUSED, REFUSED]);
});

test('calls that leave their batch, since its worker died, are run with seals of their own', async () => {
  const victim = await startCluster({
    workers: 0,
    privateRedis: true,
    env: { ...WITH_API_KEYS, MILLRACE_LOCK_MS: '1000' },
  });
  onTestFinished(() => victim.stop());
  const first = await victim.startWorker();
  const [redisThere, names] = [await connectRedis(victim.redisUrl), new Keys(victim.prefix)];
  onTestFinished(() => disconnect(redisThere));
  const there = new PoolQueue(
    redisThere,
    names,
    'default',
    'nobody',
    frontDoorSeals(new ClusterKeys(ENVELOPE_KEY)),
  );
  const holds = ['left', 'right'].map((key) =>
    aCall({
      target: 'hold',
      params: { name: 'hold', arguments: { key } },
      principal: { id: 'key:x', tenant: 'default', roles: ['execute:tools'] },
    }),
  );
  await there.add(holds);
  for (const key of ['left', 'right']) await first.logs.first('started', { key });
  const second = await victim.startWorker();
  void first.kill('SIGKILL');
  for (const key of ['left', 'right']) await second.logs.first('started', { key });
  for (const key of ['left', 'right']) second.release(key);
  const stored = new StoredReplies(redisThere, names);
  const results: string[] = [];
  await expect
    .poll(async () => {
      for (const frame of await stored.take(holds.map(({ id }) => id))) results.push(frame.payload);
      return results.join(' ');
    })
    .toMatch(/left is done.*right is done|right is done.*left is done/s);
}, 30_000);

test('a seal does not hold for another target', async () => {
  const call = { ...seal(aCall()), target: 'add', params: { name: 'add', arguments: { a: 1, b: 2 } } };
  expect(await outcomeOf(call)).toBe('add: the call has no valid seal');
});

test('what a front door let through by mistake, the worker refuses', async () => {
  const call = seal(aCall({ target: 'add', params: { name: 'add', arguments: { a: 1, b: 2 } } }));
  expect(await outcomeOf(call)).toBe('execute:tools is not granted for tool add');
});

test('the bearer of a key seals calls for themselves, and for nobody else', async () => {
  const { key, record } = await makeKey(cluster, { roles: ['echoer'] });
  const own = { id: `key:${record.subject}`, tenant: 'default' };
  const bearer = bearerSeal(key);
  expect(await outcomeOf(bearer(aCall({ principal: own })))).toBe('done');
  expect(await outcomeOf(bearer(aCall()))).toBe(REFUSED);
  expect(await outcomeOf(bearer(aCall({ principal: { ...own, tenant: 'other' } })))).toBe(REFUSED);
});

test('what a key grants counts, and not what the call says of it', async () => {
  const { key, record } = await makeKey(cluster, { roles: ['echoer'] });
  const principal = { id: `key:${record.subject}`, tenant: 'default', roles: ['admin:access'] };
  const params = { name: 'add', arguments: { a: 1, b: 2 } };
  const call = bearerSeal(key)(aCall({ principal, target: 'add', params }));
  expect(await outcomeOf(call)).toBe('execute:tools is not granted for tool add');
  // A target that is allowed, with parameters that mean another one.
  expect(await outcomeOf(bearerSeal(key)(aCall({ principal, params })))).toBe(
    'echo: the parameters name another target',
  );
});

test('a key that was revoked seals nothing any more, within two seconds', async () => {
  const { key, record } = await makeKey(cluster, { roles: ['echoer'] });
  const principal = { id: `key:${record.subject}`, tenant: 'default' };
  const bearer = bearerSeal(key);
  expect(await outcomeOf(bearer(aCall({ principal })))).toBe('done');
  await withKeyTable(cluster, (table) => table.remove(record.id));
  await expect
    .poll(() => outcomeOf(bearer(aCall({ principal }))), { timeout: 2_000, interval: 50 })
    .toBe(REFUSED);
});

async function connect(apiKey?: string): Promise<Client> {
  const client = new Client(
    { name: 'agent', version: '1' },
    { versionNegotiation: { mode: { pin: MODERN_REVISION } } },
  );
  const { prefix, redisUrl } = cluster;
  await client.connect(
    new RedisTransport(redisUrl, {
      prefix,
      timeoutMs: 10_000,
      ...(apiKey !== undefined && { apiKey }),
    }) as Parameters<Client['connect']>[0],
  );
  onTestFinished(() => client.close());
  return client;
}

test('an agent on the queues needs a key, too, and gets no further with it than through a front door', async () => {
  await expect(connect()).rejects.toThrow('The workers want an API key');
  await expect(connect('mrk_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA')).rejects.toThrow(
    'The API key is not valid',
  );
  const { key, record } = await makeKey(cluster, { roles: ['echoer'] });
  const client = await connect(key);
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo']);
  expect(await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).toMatchObject({
    content: [{ text: 'hello' }],
  });
  await expect(client.callTool({ name: 'add', arguments: { a: 1, b: 2 } })).rejects.toThrow(/not granted/);
  await withKeyTable(cluster, (table) => table.remove(record.id));
  await expect
    .poll(
      () =>
        client.listTools().then(
          () => 'served',
          ({ message }: Error) => message,
        ),
      { timeout: 2_000 },
    )
    .toMatch(/API key/);
});
