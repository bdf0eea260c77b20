import type { Affinities } from '@millrace/broker';
import { AFFINITY_META_KEY, type Call } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import { expect, test, vi } from 'vitest';
import { AffineRoutes } from './affine-routes.ts';
import type { Route } from './router.ts';
import { aRequest } from './testing/requests.ts';
import { aView } from './testing/views.ts';

const ROUTE: Route = { pool: 'default', target: 'count', idempotent: false, affinity: 'memory' };
const worker = (id: string, pools: string[]) => ({
  id,
  pools,
  slots: 4,
  offer: '',
  startedAt: 1,
  host: '',
  pid: 1,
});

function routes(workers = [worker('w-1', ['default', 'w-1']), worker('w-2', ['default'])]) {
  const places = new Map<string, string>();
  const affinities = {
    place: vi.fn(async (affinity: string, owner: string, preferred: string) => {
      const key = `${affinity} ${owner}`;
      places.set(key, places.get(key) ?? preferred);
      return places.get(key) as string;
    }),
    forget: vi.fn(async (affinity: string, owner: string) => {
      places.delete(`${affinity} ${owner}`);
    }),
  };
  const view = { value: { ...aView(), workers } };
  const logger = createLogger({ name: 'test', level: 'silent' });
  const options = { affinities: affinities as unknown as Affinities, view: () => view.value, logger };
  return { affine: new AffineRoutes(options), affinities, view };
}

const request = (handle?: string) =>
  aRequest('tools/call', handle === undefined ? {} : { _meta: { [AFFINITY_META_KEY]: handle } });

test('a call goes to the queue of a worker that keeps state', async () => {
  const { affine } = routes();
  expect(await affine.resolve(request('h'), ROUTE)).toEqual({ ...ROUTE, pool: 'w-1' });
});

test('it stays with its worker when others come', async () => {
  const { affine, view } = routes();
  await affine.resolve(request('h'), ROUTE);
  view.value = { ...view.value, workers: [worker('w-9', ['default', 'w-9']), ...view.value.workers] };
  for (let n = 0; n < 5; n += 1) expect((await affine.resolve(request('h'), ROUTE)).pool).toBe('w-1');
});

test('when its worker is gone, the loss is told once', async () => {
  const { affine, view } = routes();
  await affine.resolve(request('h'), ROUTE);
  view.value = { ...view.value, workers: [worker('w-3', ['default', 'w-3'])] };
  await expect(affine.resolve(request('h'), ROUTE)).rejects.toMatchObject({ kind: 'state_lost' });
  expect((await affine.resolve(request('h'), ROUTE)).pool).toBe('w-3');
});

test('a call without session and handle is refused, with the name of the field', async () => {
  const { affine } = routes();
  await expect(affine.resolve(request(), ROUTE)).rejects.toMatchObject({
    kind: 'invalid_params',
    message: expect.stringContaining(AFFINITY_META_KEY),
  });
});

test('without a worker that keeps state nothing is placed', async () => {
  const { affine, affinities } = routes([worker('w-2', ['default'])]);
  await expect(affine.resolve(request('h'), ROUTE)).rejects.toMatchObject({ kind: 'no_live_worker' });
  expect(affinities.place).not.toHaveBeenCalled();
});

test('state that was lost in its worker is forgotten', async () => {
  const { affine, affinities } = routes();
  const { params } = request('h');
  affine.forget({ params } as Call, 'memory');
  expect(affinities.forget).toHaveBeenCalledExactlyOnceWith('memory', expect.stringContaining('"h"'));
  affine.forget({ params: {} } as Call, 'memory');
  expect(affinities.forget).toHaveBeenCalledTimes(1);
});
