import { DeadLetters, disconnect, Keys } from '@millrace/broker';
import { afterAll, expect, test, vi } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { connectRedis } from '../support/leftovers.ts';
import { send, toolCall } from '../support/wire.ts';

/** Calls that kill their worker. Whenever a worker dies here, another one takes its place. */
const MAX_DEATHS = 3;
const TEST_TIMEOUT_MS = 40_000;
const PATIENCE = { timeout: 20_000, interval: 50 };
const cluster = await startCluster({
  workers: 2,
  plugins: ['fixture', 'poison'],
  env: { MILLRACE_CALL_TIMEOUT_MS: '60000' },
  workerEnv: { MILLRACE_LOCK_MS: '1500', MILLRACE_MAX_DEATHS: String(MAX_DEATHS) },
});
const redis = await connectRedis(cluster.redisUrl);
const letters = new DeadLetters(redis, new Keys(cluster.prefix));
let over = false;
/** The last start of a worker in the place of one that died. */
let replaced: Promise<unknown> = Promise.resolve();
for (const worker of cluster.workers) void replace(worker);
afterAll(async () => {
  over = true;
  await replaced;
  disconnect(redis);
  await cluster.stop();
});

async function replace(worker: (typeof cluster.workers)[number]): Promise<void> {
  const { signal } = await worker.exited;
  if (over || signal !== 'SIGKILL') return;
  worker.expectDeath();
  const next = cluster.startWorker();
  replaced = Promise.all([replaced, next]);
  void replace(await next);
}

function startsOf(key: string): number {
  return cluster.workers.flatMap(({ logs }) => logs.having('started', { key })).length;
}

test(
  'a call that kills its workers is given up, and its caller told',
  async () => {
    const answer = await send(cluster.url, toolCall('poison', { key: 'deadly' }));
    expect(answer.message.error).toMatchObject({
      code: -32004,
      data: {
        name: 'worker_lost',
        retryable: false,
        details: { target: 'poison', pool: 'default', deaths: MAX_DEATHS },
      },
    });
    expect(startsOf('deadly')).toBe(MAX_DEATHS);
  },
  TEST_TIMEOUT_MS,
);

test('it lies with the dead letters, from which it can be taken away', async () => {
  const { letters: kept } = await letters.list('default');
  expect(kept).toMatchObject([
    { call: { target: 'poison', params: { arguments: { key: 'deadly' } } }, deaths: MAX_DEATHS },
  ]);
  expect(await letters.remove('default', kept[0]?.id ?? '')).toBe(true);
});

test(
  'the pool lives on, and calls that were beside it are answered as if nothing had happened',
  async () => {
    const beside = Array.from({ length: 6 }, (_, n) =>
      send(cluster.url, toolCall('hold', { key: `beside-${n}` })),
    );
    await Promise.all(beside.map((_, n) => cluster.logged('started', { key: `beside-${n}` })));
    const poison = send(cluster.url, toolCall('poison', { key: 'again' }));
    // From its second start on: what was beside it twice is suspected, too, and suspects run one after the other.
    await vi.waitFor(() => expect(startsOf('again')).toBeGreaterThan(1), PATIENCE);
    const release = setInterval(() => beside.forEach((_, n) => void cluster.release(`beside-${n}`)), 50);
    const answers = await Promise.all(beside);
    expect((await poison).message.error?.data?.['name']).toBe('worker_lost');
    clearInterval(release);
    expect(answers.map(({ message }) => message.error)).toEqual(beside.map(() => undefined));
    expect((await letters.list('default')).letters.map(({ call }) => call.target)).toEqual(['poison']);
    const { letters: kept } = await letters.list('default');
    for (const { id } of kept) await letters.remove('default', id);
  },
  TEST_TIMEOUT_MS,
);

test('a letter that is replayed is called once more', async () => {
  await letters.add({
    pool: 'default',
    call: { ...callOf('echo'), id: 'f-gone.1' },
    frontDoor: 'f-gone',
    deaths: MAX_DEATHS,
    reason: 'each worker that had it was lost',
  });
  const [letter] = (await letters.list('default')).letters;
  const call = await letters.replay('default', letter?.id ?? '', { timeoutMs: 10_000 });
  const reply = `${cluster.prefix}:reply:${call}`;
  await expect.poll(() => redis.get(reply), { timeout: 10_000 }).toContain('once more');
  expect(await letters.count('default')).toBe(0);
});

function callOf(name: string) {
  const params = { name, arguments: { text: 'once more' } };
  return {
    method: 'tools/call',
    target: name,
    params,
    revision: '2026-07-28',
    deadline: Date.now(),
  } as const;
}
