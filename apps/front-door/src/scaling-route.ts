import { redisIsAway, type ScalingDemand, type ScalingReader } from '@millrace/broker';
import type { AdminAnswer, AdminRoute } from '@millrace/service';

export const SCALING_PATH = '/scaling/*';

/** How long a call may wait, where the autoscaler does not say. */
export const DEFAULT_TARGET_WAIT_MS = 1_000;

const POOL = /^[\w.-]+$/;

/**
 * `GET /scaling/<pool>?targetWaitMs=N`: what the pool needs workers for, in calls; `<pool>,<pool>` for workers that serve
 * several. 503 while Redis is away, so that the autoscaler knows that it does not know.
 */
export function scalingRoute(reader: Pick<ScalingReader, 'read'>): AdminRoute {
  return async ({ pathname, searchParams }) => {
    const pools = [...new Set(pathname.slice(SCALING_PATH.length - 1).split(','))];
    const wrong = pools.find((pool) => !POOL.test(pool));
    if (wrong !== undefined) return refused('pool', wrong, 'a name of letters, digits, ".", "_" and "-"');
    const target = searchParams.get('targetWaitMs') ?? String(DEFAULT_TARGET_WAIT_MS);
    if (!/^[1-9]\d{0,8}$/.test(target)) {
      return refused('targetWaitMs', target, 'a whole number of milliseconds, 1 or more');
    }
    return answer(() => Promise.all(pools.map((pool) => reader.read(pool, Number(target)))));
  };
}

async function answer(read: () => Promise<ScalingDemand[]>): Promise<AdminAnswer> {
  try {
    return { body: together(await read()) };
  } catch (error) {
    if (!redisIsAway(error)) throw error;
    return { status: 503, body: { error: 'Redis cannot be reached' } };
  }
}

/** One pool as it is; several as one, which counts as paused when all are. */
function together(demands: readonly ScalingDemand[]): ScalingDemand {
  const sum = (field: 'demand' | 'active' | 'waiting') =>
    demands.reduce((total, one) => total + one[field], 0);
  return {
    pool: demands.map(({ pool }) => pool).join(','),
    demand: sum('demand'),
    active: sum('active'),
    waiting: sum('waiting'),
    weight: Math.max(...demands.map(({ weight }) => weight)),
    oldestWaitMs: Math.max(...demands.map(({ oldestWaitMs }) => oldestWaitMs)),
    paused: demands.every(({ paused }) => paused),
    estimated: demands.some(({ estimated }) => estimated),
  };
}

function refused(field: string, value: string, expected: string): AdminAnswer {
  return { status: 400, body: { error: `${field}: "${value}" — expected ${expected}` } };
}
