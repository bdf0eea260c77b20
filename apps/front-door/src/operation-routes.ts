import { type Operations, redisIsAway } from '@millrace/broker';
import type { AdminMethods, AdminRoute } from '@millrace/service';
import { deletesLetter, letters, replaysLetter } from './letter-routes.ts';
import type { OperationRoute } from './operation-route.ts';
import { nameOf, WrongRequest } from './wrong-request.ts';

const POOL_ORDERS = ['pause', 'resume', 'drain'] as const;
const WORKER_ORDERS = ['drain', 'resume'] as const;

/** `/pools`, `/workers` and `/dead-letters` of the admin port: see docs/operations.md. */
export function operationRoutes(
  operations: Operations,
  guard: AdminMethods['guard'],
): Readonly<Record<string, AdminMethods>> {
  const of = (
    path: string,
    get: OperationRoute,
    more: Partial<Record<'post' | 'delete', OperationRoute>>,
  ) => {
    const on = (route: OperationRoute): AdminRoute => answering(operations, path, route);
    const { post, delete: remove } = more;
    const methods = {
      get: on(get),
      ...(guard && { guard }),
      ...(post && { post: on(post) }),
      ...(remove && { delete: on(remove) }),
    };
    return { [path]: methods, [`${path}/*`]: methods };
  };
  return {
    ...of('/pools', pools, { post: ordersPool }),
    ...of('/workers', workers, { post: ordersWorker }),
    ...of('/dead-letters', letters, { post: replaysLetter, delete: deletesLetter }),
  };
}

const pools: OperationRoute = async (operations, [pool]) => {
  if (pool !== undefined) return { body: await operations.standing(nameOf('pool', pool)) };
  return { body: { pools: await operations.standings() } };
};

const ordersPool: OperationRoute = async (operations, [name, wish]) => {
  const pool = nameOf('pool', name);
  await operations.pools[orderOf(POOL_ORDERS, wish)](pool);
  return { body: await operations.standing(pool) };
};

const workers: OperationRoute = async (operations, [id]) => {
  const fleet = await operations.fleet();
  if (id === undefined) return { body: { workers: fleet.workers } };
  const worker = fleet.workers.find((one) => one.id === id);
  if (!worker) throw new WrongRequest(404, `there is no live worker ${id}`);
  return { body: worker };
};

const ordersWorker: OperationRoute = async (operations, [id, wish]) => {
  const order = orderOf(WORKER_ORDERS, wish);
  const { body } = await workers(operations, [nameOf('worker', id)], new URL('http://admin'));
  const worker = body as { readonly id: string };
  if (order === 'drain') await operations.orders.drainWorker(worker.id);
  else await operations.orders.resumeWorker(worker.id);
  return { status: 202, body: { worker: worker.id, order } };
};

function orderOf<T extends string>(orders: readonly T[], wish: string | undefined): T {
  const order = orders.find((one) => one === wish);
  if (order !== undefined) return order;
  throw new WrongRequest(404, `expected one of ${orders.join(', ')} at the end of the path`);
}

function answering(operations: Operations, path: string, route: OperationRoute): AdminRoute {
  return async (url) => {
    const parts = url.pathname
      .slice(path.length + 1)
      .split('/')
      .filter((part) => part !== '');
    try {
      return await route(operations, parts, url);
    } catch (error) {
      if (error instanceof WrongRequest) return { status: error.status, body: { error: error.message } };
      if (redisIsAway(error)) return { status: 503, body: { error: 'Redis cannot be reached' } };
      throw error;
    }
  };
}
