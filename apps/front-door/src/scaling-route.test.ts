import { expect, test } from 'vitest';
import { scalingRoute } from './scaling-route.ts';

const demand = {
  pool: 'images',
  demand: 7,
  active: 3,
  waiting: 4,
  weight: 1,
  oldestWaitMs: 12,
  paused: false,
  estimated: false,
};

function ask(path: string, failure?: Error) {
  const asked: [string, number][] = [];
  const route = scalingRoute({
    read: async (pool, target) => {
      asked.push([pool, target]);
      if (failure) throw failure;
      return { ...demand, pool };
    },
  });
  return { asked, answer: route(new URL(path, 'http://admin')) };
}

test('the demand of the pool that the path names comes as flat JSON', async () => {
  const { asked, answer } = ask('/scaling/images?targetWaitMs=250');
  expect(await answer).toEqual({ body: demand });
  expect(asked).toEqual([['images', 250]]);
});

test('workers that serve several pools are needed for all of them together', async () => {
  const { asked, answer } = ask('/scaling/images,texts,images');
  expect(await answer).toEqual({
    body: { ...demand, pool: 'images,texts', demand: 14, active: 6, waiting: 8 },
  });
  expect(asked).toHaveLength(2);
});

test('a call may wait a second where nothing else is said', () => {
  expect(ask('/scaling/images').asked).toEqual([['images', 1_000]]);
});

test.each([
  ['/scaling/', 'pool: ""'],
  ['/scaling/a/b', 'pool: "a/b"'],
  ['/scaling/a,', 'pool: ""'],
  ['/scaling/%7Bx%7D', 'pool: "%7Bx%7D"'],
  ['/scaling/images?targetWaitMs=0', 'targetWaitMs: "0"'],
  ['/scaling/images?targetWaitMs=-5', 'targetWaitMs: "-5"'],
  ['/scaling/images?targetWaitMs=soon', 'targetWaitMs: "soon"'],
])('%s is refused with the name of what is wrong', async (path, message) => {
  const { asked, answer } = ask(path);
  expect(await answer).toMatchObject({ status: 400, body: { error: expect.stringContaining(message) } });
  expect(asked).toEqual([]);
});

test('without Redis it is 503, which an autoscaler takes for no figure, and not for none to do', async () => {
  const away = new Error("Stream isn't writeable and enableOfflineQueue options is false");
  expect(await ask('/scaling/images', away).answer).toMatchObject({ status: 503 });
});

test('any other failure is not hidden', async () => {
  await expect(ask('/scaling/images', new Error('WRONGTYPE')).answer).rejects.toThrow('WRONGTYPE');
});
