import { setTimeout as delay } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

const READ_ONLY = { readOnlyHint: true };

/** Served by workers with few slots, so that calls must wait. */
const POOL = 'narrow';

const HOUR_MS = 3_600_000;

const limited = (name: string, rateLimit: object) =>
  defineTool({
    name,
    description: 'May be called so often and not more.',
    annotations: READ_ONLY,
    policies: { rateLimit },
    handler: () => 'done',
  });

const work = (name: string, policies = {}) =>
  defineTool({
    name,
    description: 'Takes that long.',
    pool: POOL,
    input: z.object({ ms: z.int() }),
    annotations: READ_ONLY,
    policies,
    handler: async ({ ms }) => {
      await delay(ms);
      return `${name} is done`;
    },
  });

export default definePlugin({
  name: 'limits',
  version: '1.0.0',
  tools: [
    limited('five_each', { limit: 5, windowMs: HOUR_MS }),
    limited('five_each_again', { limit: 5, windowMs: HOUR_MS }),
    limited('five_a_tenant', { limit: 5, windowMs: HOUR_MS, per: 'tenant' }),
    limited('five_in_all', { limit: 5, windowMs: HOUR_MS, per: 'tool' }),
    limited('four_a_second', { algorithm: 'token-bucket', limit: 4, windowMs: 1_000 }),
    limited('thousand', { limit: 1_000, windowMs: HOUR_MS }),
    work('work'),
    work('impatient_work', { maxQueueMs: 100 }),
    work('urgent_work', { priority: 'high' }),
    work('lazy_work', { priority: 'low' }),
  ],
});
