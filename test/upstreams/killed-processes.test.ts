import { afterAll, expect, test, vi } from 'vitest';
import { connectModern, connectSession } from '../support/clients.ts';
import { startCluster } from '../support/cluster.ts';
import { childrenOf, hosting, referenceServer } from '../support/upstreams.ts';

/**
 * Processes of a hosted server are killed under its calls, again and again. A call that may run twice never notices; no
 * process is left as a zombie; and there are never more of them than configured.
 */
const MAX = 3;
const CALLS = 1_000;
const KILLED_SHARE = 0.05;
const IN_FLIGHT = 16;

const cluster = await startCluster({
  frontDoors: 2,
  workers: 2,
  plugins: [],
  workerEnv: hosting({
    everything: { ...referenceServer('everything'), max: MAX, min: 2, tools: { echo: { idempotent: true } } },
  }),
});
afterAll(() => cluster.stop());

const serversOf = (worker: number) =>
  childrenOf(worker).filter(({ command }) => command.includes('server-everything'));
const workers = cluster.workers.map(({ pid }) => pid);
const zombies = () => workers.flatMap(childrenOf).filter(({ state }) => state === 'Z');

/** @returns false when it has just ended by itself */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** The same numbers at every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test(`${CALLS} calls while processes are killed at random: none is lost`, { timeout: 60_000 }, async () => {
  const clients = await Promise.all([
    connectModern(cluster.urls[0] as string),
    connectModern(cluster.urls[1] as string),
    connectSession(cluster.urls[0] as string),
    connectSession(cluster.urls[1] as string),
  ]);
  const next = random(7);
  let most = 0;
  let killed = 0;
  const count = () => {
    const running = workers.map(serversOf);
    most = Math.max(most, ...running.map(({ length }) => length));
    return running.flat();
  };
  const killOne = () => {
    const running = count();
    const victim = running[Math.floor(next() * running.length)];
    if (victim && kill(victim.pid)) killed += 1;
  };
  const watch = setInterval(count, 20);

  let begun = 0;
  const texts: string[] = [];
  const lane = async (client: (typeof clients)[number]) => {
    while (begun < CALLS) {
      begun += 1;
      const message = `${begun}`;
      if (next() < KILLED_SHARE) killOne();
      const result = await client.callTool({ name: 'echo', arguments: { message } });
      texts.push((result.content as [{ text: string }])[0].text.replace('Echo: ', ''));
    }
  };
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, (_, at) => lane(clients[at % clients.length] as never)),
  );
  clearInterval(watch);

  expect(new Set(texts).size).toBe(CALLS);
  expect(killed).toBeGreaterThan(CALLS * KILLED_SHARE * 0.5);
  expect(most).toBeLessThanOrEqual(MAX);
  expect(most).toBeGreaterThan(0);
  await vi.waitFor(() => expect(zombies()).toEqual([]));
});

test('after that there are as many as are kept at least, and they answer', async () => {
  await vi.waitFor(
    () => {
      for (const worker of workers) expect(serversOf(worker).length).toBeGreaterThanOrEqual(2);
    },
    { timeout: 10_000 },
  );
  const client = await connectModern(cluster.url);
  const { content } = await client.callTool({ name: 'echo', arguments: { message: 'still here' } });
  expect(content).toMatchObject([{ text: 'Echo: still here' }]);
});
