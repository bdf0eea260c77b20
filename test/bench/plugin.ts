import { setTimeout as delay } from 'node:timers/promises';
import { definePlugin, defineTool } from '@millrace/toolkit';
import { z } from 'zod';

/** Pool of the slow tool, so that its workers have no other work. */
export const SLOW_POOL = 'slow';

export const SLOW_TOOL_MS = 100;

/** Pool of the tools that ask a service, and how long that takes, whether for one or for many. */
export const LOOK_UP_POOL = 'look-up';
const LOOK_UP_MS = 5;

/** Pool of the tool that many tenants want at the same time. */
export const SHARED_POOL = 'shared';

const DOZE_MS = 20;

const input = z.object({ text: z.string() });
const annotations = { readOnlyHint: true };

const echo = defineTool({
  name: 'echo',
  description: 'Gives back the text',
  input,
  annotations,
  handler: ({ text }) => text,
});

const sleep = defineTool({
  name: 'sleep',
  description: 'Gives back the text and its process id after a while',
  input,
  annotations,
  pool: SLOW_POOL,
  handler: async ({ text }) => {
    await delay(SLOW_TOOL_MS);
    return `${text} ${process.pid}`;
  },
});

const doze = defineTool({
  name: 'doze',
  description: 'Gives back the text after a moment',
  input,
  annotations,
  pool: SHARED_POOL,
  handler: async ({ text }) => {
    await delay(DOZE_MS);
    return text;
  },
});

const broken = defineTool({
  name: 'broken',
  description: 'Always fails',
  input,
  annotations,
  policies: { breaker: { recoveryMs: 3_600_000 } },
  handler: () => {
    throw new Error('out of order');
  },
});

/** Everything that can be on without ever having anything to do. */
const guardedEcho = defineTool({
  name: 'guarded_echo',
  description: 'Gives back the text, under all policies',
  input,
  annotations: { readOnlyHint: true, idempotentHint: true },
  policies: {
    rateLimit: { limit: 1_000_000_000, windowMs: 60_000 },
    dedup: 'private',
    breaker: {},
    retry: {},
    fallback: { kind: 'fixed', text: 'out of order' },
    concurrency: { perWorker: 10_000 },
    priority: 'normal',
    maxQueueMs: 10_000,
  },
  handler: ({ text }) => text,
});

const lookUp = defineTool({
  name: 'look_up',
  description: 'Asks for one',
  input,
  annotations,
  pool: LOOK_UP_POOL,
  handler: async ({ text }) => {
    await delay(LOOK_UP_MS);
    return text;
  },
});

const lookUpMany = defineTool({
  name: 'look_up_many',
  description: 'Asks for many at once',
  input,
  annotations,
  pool: LOOK_UP_POOL,
  batch: {},
  handler: async (items) => {
    await delay(LOOK_UP_MS);
    return items.map(({ args }) => args.text);
  },
});

export default definePlugin({
  name: 'bench',
  version: '1.0.0',
  tools: [echo, sleep, doze, broken, guardedEcho, lookUp, lookUpMany],
});
