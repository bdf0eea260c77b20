import { afterAll, expect, test } from 'vitest';
import { startCluster } from '../support/cluster.ts';
import { send, toolCall } from '../support/wire.ts';

/**
 * A pool holds what is costly to open and cannot be shared, such as connections: a few of them in each worker, lent to
 * one call at a time.
 */
const cluster = await startCluster({ frontDoors: 2, workers: 1, plugins: ['pooled'] });
afterAll(() => cluster.stop());
const [worker] = cluster.workers;
if (!worker) throw new Error('there is no worker');
const admin = `http://127.0.0.1:${(await worker.listening()).admin.port}`;

const talk = async (key: string, door = 0) =>
  (await send(cluster.urls[door] ?? '', toolCall('talk', { key }))).message.result;
const talking = (key: string) => worker.logs.first('talking', { key });
const figure = async (labels: string, name = 'millrace_resource_pool_size') => {
  const text = await (await fetch(`${admin}/metrics`)).text();
  return Number(text.match(new RegExp(`^${name}\\{${labels}\\} (\\d+)`, 'm'))?.[1]);
};
const WAITING = 'millrace_resource_pool_waiting';

test('calls share what is there: no more than the pool holds, and the next one waits for its turn', async () => {
  const calls = ['a', 'b'].map((key, door) => talk(key, door));
  await Promise.all(['a', 'b'].map(talking));
  const third = talk('c');
  await expect.poll(() => figure('resource_pool="lines"', WAITING)).toBe(1);
  expect(await figure('resource_pool="lines",state="borrowed"')).toBe(2);
  expect(worker.logs.having('line opened')).toHaveLength(2);
  worker.release('a');
  await talking('c');
  for (const key of ['b', 'c']) worker.release(key);
  for (const result of await Promise.all([...calls, third])) {
    expect(result).toMatchObject({ content: [{ text: expect.stringMatching(/^on line [12]$/) }] });
  }
});

test('who waits for too long is told so, and that another try may help', async () => {
  const calls = ['d', 'e'].map((key) => talk(key));
  await Promise.all(['d', 'e'].map(talking));
  expect(await talk('f')).toMatchObject({
    isError: true,
    content: [{ text: 'No resource of the pool lines: none became free in time' }],
    _meta: {
      'dev.millrace/error': {
        type: 'unavailable',
        retryable: true,
        details: { pool: 'lines', reason: 'timeout' },
      },
    },
  });
  for (const key of ['d', 'e']) worker.release(key);
  await Promise.all(calls);
});

test('what is broken is not lent again', async () => {
  const cut = await send(cluster.url, toolCall('cut'));
  const broken = Number(/line (\d+) is broken/.exec(cut.text)?.[1]);
  worker.release('g');
  worker.release('h');
  const results = await Promise.all([talk('g'), talk('h')]);
  expect(JSON.stringify(results)).not.toContain(`on line ${broken}`);
  await worker.logs.first('line closed', { line: broken });
});

test('what nobody needs is closed after a while', async () => {
  const opened = worker.logs.having('line opened').length;
  await expect.poll(() => worker.logs.having('line closed').length, { timeout: 5_000 }).toBe(opened);
  await expect.poll(() => figure('resource_pool="lines",state="idle"')).toBe(0);
});

test('a worker that stops closes what it has open', async () => {
  worker.release('i');
  expect(await talk('i')).toMatchObject({ content: [{ text: expect.stringContaining('on line') }] });
  expect(await worker.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(worker.logs.having('line closed').length).toBe(worker.logs.having('line opened').length);
});
