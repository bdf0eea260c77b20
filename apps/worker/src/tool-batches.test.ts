import { Slots } from '@millrace/resilience';
import type { BatchPolicy, CallContext, GatheredTool, Target } from '@millrace/toolkit';
import { expect, test, vi } from 'vitest';
import { HeldSlot } from './held-slot.ts';
import { ToolBatches } from './tool-batches.ts';

const POLICY: BatchPolicy = { maxSize: 3, maxWaitMs: 60_000, eager: false, perTenant: false };

/** A worker with so many slots, and a tool whose runs end when the test lets them. */
function setUp(setting: Setting = {}) {
  const { slots: count = 2, policy = {} } = setting;
  const slots = new Slots(count);
  const onSlots = vi.fn();
  const onRun = vi.fn();
  const runs: { names: string[]; end: () => void }[] = [];
  const tool: GatheredTool = {
    name: 'look_up',
    policy: { ...POLICY, ...policy },
    async run(items) {
      const names = items.map((item) => (item as { args: { name: string } }).args.name);
      const gate = Promise.withResolvers<void>();
      runs.push({ names, end: gate.resolve });
      await gate.promise;
      return names.map((value) => ({ status: 'fulfilled', value }) as const);
    },
  };
  const target = { pool: 'p', idempotent: true, batched: true } as Target;
  const policyOf = () => ('counts' in setting ? setting.counts : tool.policy);
  const batches = new ToolBatches({ slots, onSlots, onRun, policyOf });
  const call = async (name: string, tenant = 't') => {
    await slots.take();
    const { signal } = new AbortController();
    const context = { signal, principal: { id: 'p', tenant } } as CallContext;
    const gather = batches.gatherer(target, new HeldSlot(slots, onSlots));
    return gather?.(tool, { args: { name }, context });
  };
  return { batches, slots, onSlots, onRun, runs, call, names: () => runs.map((run) => run.names.join('')) };
}

interface Setting {
  readonly slots?: number;
  readonly policy?: Partial<BatchPolicy>;
  /** What counts, where that is not the tool's own policy. */
  readonly counts?: BatchPolicy | undefined;
}

const settled = () => new Promise(setImmediate);

test('a call that waits for its batch holds no slot, and the run of the batch holds one', async () => {
  const { slots, runs, call, names, onRun, onSlots } = setUp({ slots: 1 });
  const calls = ['a', 'b'].map((name) => call(name));
  await settled();
  expect([slots.used, slots.free, names()]).toEqual([0, 1, []]);
  calls.push(call('c'));
  await settled();
  expect([slots.used, names()]).toEqual([1, ['abc']]);
  expect(onRun).toHaveBeenCalledExactlyOnceWith('look_up', 3);
  onSlots.mockClear();
  runs[0]?.end();
  expect(await Promise.all(calls)).toEqual(['a', 'b', 'c']);
  await settled();
  expect([slots.used, onSlots.mock.calls.length]).toEqual([0, 1]);
});

test('a batch that is due waits for a slot that other tools use, and takes in who comes meanwhile', async () => {
  const { slots, runs, call, names } = setUp({ slots: 1, policy: { eager: true } });
  const first = call('a');
  await slots.take();
  const second = slots.take();
  await settled();
  expect(names()).toEqual([]);
  slots.release();
  await second;
  slots.release();
  await settled();
  expect(names()).toEqual(['a']);
  runs[0]?.end();
  expect(await first).toBe('a');
});

test('tenants do not meet where the tool says so', async () => {
  const { runs, call, names } = setUp({ slots: 8, policy: { perTenant: true, eager: true } });
  const calls = [call('a', 'x'), call('b', 'y'), call('c', 'x')];
  await settled();
  await settled();
  expect(names().toSorted()).toEqual(['ac', 'b']);
  for (const { end } of runs) end();
  await Promise.all(calls);
});

test('configuration has the last word', async () => {
  const { runs, call, names } = setUp({ counts: { ...POLICY, maxSize: 1 } });
  const result = call('a');
  await settled();
  expect(names()).toEqual(['a']);
  runs[0]?.end();
  expect(await result).toBe('a');
});

test('nobody waits for others when the worker takes no more calls', async () => {
  const { batches, runs, call, names } = setUp({ slots: 8 });
  const calls = [call('a')];
  await settled();
  expect(names()).toEqual([]);
  batches.hurry();
  await settled();
  calls.push(call('b'));
  await settled();
  await settled();
  expect(names()).toEqual(['a', 'b']);
  for (const { end } of runs) end();
  expect(await Promise.all(calls)).toEqual(['a', 'b']);
});

test('calls run alone when configuration switches batches off', async () => {
  const { call, names } = setUp({ counts: undefined });
  expect(await call('a')).toBeUndefined();
  expect(names()).toEqual([]);
});
