import { definePlugin, defineTool, MillraceError, type PluginLog, ToolError } from '@millrace/toolkit';
import { z } from 'zod';
import { gates } from './gates.ts';

const KEY = z.object({ key: z.string() });
const IDEMPOTENT = { idempotentHint: true };
const QUICK = { recoveryMs: 400 };

const broken = () => {
  throw new TypeError('the disk is on fire');
};

const busy = () => {
  throw new ToolError('the other side is busy', { retryable: true });
};

/** How often a call with this key was tried in this process. */
const tries = new Map<string, number>();

function nextTry(key: string): number {
  const count = (tries.get(key) ?? 0) + 1;
  tries.set(key, count);
  return count;
}

/** Tools that log `tried` each time they run. */
function tools(log: PluginLog) {
  const tried = (tool: string, key = '') => log.info({ tool, key, at: Date.now() }, 'tried');
  const breakable = (name: string, fail: () => never, policies = {}) =>
    defineTool({
      name,
      description: 'Fails until its gate is open.',
      policies: { breaker: {}, ...policies },
      handler: () => {
        tried(name);
        return gates.isOpen(name) ? `${name} works` : fail();
      },
    });
  return [
    breakable('mail', broken),
    breakable('print', broken, { breaker: QUICK }),
    breakable('scan', busy, { breaker: QUICK }),
    breakable('orders', broken, { breaker: { name: 'database', failures: 2 } }),
    breakable('invoices', broken, { breaker: { name: 'database', failures: 2 } }),
    breakable('forgotten', broken, { breaker: { failures: 2 } }),
    breakable('fixed_answer', broken, {
      breaker: { failures: 2 },
      fallback: { kind: 'fixed', text: 'closed for today' },
    }),
    defineTool({
      name: 'choosy',
      description: 'Refuses on purpose.',
      input: z.object({ n: z.int() }),
      policies: { breaker: { failures: 2 } },
      handler: () => {
        throw new ToolError('not for you');
      },
    }),
    defineTool({
      name: 'stuck',
      description: 'Takes longer than it may, and does not listen.',
      timeoutMs: 100,
      policies: { breaker: { failures: 2 } },
      handler: () => new Promise<never>(() => {}),
    }),
    defineTool({
      name: 'probed',
      description: 'Fails at first; then runs until it is released.',
      input: KEY,
      policies: { breaker: { ...QUICK, failures: 2, successes: 1 } },
      handler: async ({ key }, { signal }) => {
        tried('probed', key);
        if (key === 'broken') return broken();
        await gates.pass(key, signal);
        return 'probed';
      },
    }),
    defineTool({
      name: 'moody',
      description: 'Fails so many times for each key before it works.',
      input: z.object({ key: z.string(), failures: z.int(), how: z.enum(['busy', 'broken', 'later']) }),
      annotations: IDEMPOTENT,
      policies: { retry: { attempts: 4, baseMs: 10 } },
      handler: ({ key, failures, how }) => {
        tried('moody', key);
        const count = nextTry(key);
        if (count > failures) return `try ${count} works`;
        if (how === 'later') {
          throw new MillraceError('broker_unavailable', 'come back later', { retryAfterMs: 200 });
        }
        return how === 'busy' ? busy() : broken();
      },
    }),
    defineTool({
      name: 'hurried',
      description: 'Is busy, and has no time for a second try.',
      annotations: IDEMPOTENT,
      timeoutMs: 400,
      policies: { retry: { baseMs: 60_000, maxMs: 60_000 } },
      handler: () => {
        tried('hurried');
        throw new MillraceError('broker_unavailable', 'come back later', { retryAfterMs: 5_000 });
      },
    }),
    defineTool({
      name: 'between_tries',
      description: 'Is busy once, until its key is released.',
      input: KEY,
      annotations: IDEMPOTENT,
      policies: { retry: { baseMs: 1 } },
      handler: async ({ key }, { signal }) => {
        tried('between_tries', key);
        if (nextTry(key) > 1) return 'the second try works';
        await gates.pass(key, signal);
        return busy();
      },
    }),
    defineTool({
      name: 'weather',
      description: 'Tells the weather until the storm comes.',
      input: z.object({ city: z.string() }),
      output: z.object({ sky: z.string() }),
      annotations: IDEMPOTENT,
      policies: { breaker: { failures: 2 }, fallback: { kind: 'stale' } },
      handler: ({ city }) => {
        tried('weather', city);
        return gates.isOpen('storm') ? broken() : { sky: `sunny in ${city}` };
      },
    }),
    defineTool({
      name: 'translate',
      description: 'Always fails, and has somebody who can do it instead.',
      input: z.object({ text: z.string() }),
      policies: { breaker: { failures: 2 } },
      handler: () => {
        tried('translate');
        return broken();
      },
      fallback: ({ text }, _context, reason) => `${text}, roughly (${reason})`,
    }),
    defineTool({
      name: 'too_slow',
      description: 'Takes longer than it may.',
      timeoutMs: 100,
      handler: (_args, { signal }) =>
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      fallback: async (_args, { signal }) => `in time, ${signal.aborted ? 'aborted' : 'not aborted'}`,
    }),
    defineTool({
      name: 'doubly_broken',
      description: 'Fails, and so does its fallback.',
      handler: broken,
      fallback: () => {
        throw new Error('this one too');
      },
    }),
    ...[
      { name: 'one_per_worker', concurrency: { perWorker: 1 } },
      { name: 'one_in_the_fleet', concurrency: { fleet: 1 } },
      { name: 'two_in_the_fleet', concurrency: { fleet: 2 } },
    ].map(({ name, concurrency }) =>
      defineTool({
        name,
        description: 'Runs until it is released.',
        input: KEY,
        annotations: IDEMPOTENT,
        policies: { concurrency },
        handler: async ({ key }, { signal }) => {
          log.info({ key }, 'started');
          await gates.pass(key, signal);
          log.info({ key }, 'finished');
          return `${key} is done`;
        },
      }),
    ),
  ];
}

export default definePlugin({
  name: 'resilience',
  version: '1.0.0',
  setup: ({ log }) => ({ tools: tools(log) }),
});
