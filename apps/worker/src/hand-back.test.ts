import type { Delivery } from '@millrace/broker';
import type { Frame } from '@millrace/protocol';
import { createLogger } from '@millrace/service';
import type { Target } from '@millrace/toolkit';
import { expect, test, vi } from 'vitest';
import { HandBack, type OpenBatch } from './hand-back.ts';
import { RunningCall } from './running-call.ts';
import type { TaskRun } from './task-run.ts';
import { aCall } from './testing/running.ts';
import type { UnfinishedBatch } from './unfinished-batch.ts';

const logger = createLogger({ name: 'test', level: 'silent' });

interface Setting {
  readonly idempotent?: boolean;
  readonly pool?: string;
  readonly lost?: boolean;
  readonly task?: boolean;
  readonly calls?: number;
  readonly putBack?: () => Promise<void>;
}

function setUp(setting: Setting = {}) {
  const { idempotent = true, pool = 'default', lost = false, calls = 1 } = setting;
  const frames: Frame[] = [];
  const running = new RunningCall(aCall('a'), (frame) => frames.push(frame), 'w-1');
  const putBack = vi.fn(setting.putBack ?? (async () => undefined));
  const finish = vi.fn();
  const comeAgain = vi.fn();
  const task = setting.task ? ({ comeAgain } as unknown as TaskRun) : undefined;
  const open: OpenBatch = {
    work: [{ running, target: { idempotent } as Target, task }],
    batch: { finish } as unknown as UnfinishedBatch,
    delivery: { pool, lock: { lost }, putBack, batch: { calls: Array(calls) } } as unknown as Delivery,
  };
  const handBack = new HandBack('w-1', logger);
  handBack.begin(open);
  return { handBack, open, running, frames, putBack, finish, comeAgain };
}

test('a call that may run twice goes back to its queue, its tool is stopped, and nothing is said of it here', async () => {
  const { handBack, running, putBack, finish, frames } = setUp();
  const { signal } = running;
  expect(await handBack.all()).toBe(0);
  expect(putBack).toHaveBeenCalledWith(running.call);
  expect(finish).toHaveBeenCalledWith('a');
  expect(signal.aborted).toBe(true);
  running.end('result', '{}', 0);
  expect(frames).toEqual([]);
});

test.each<[string, Setting]>([
  ['must not run twice', { idempotent: false }],
  ['is for this worker alone', { pool: 'w-1' }],
  ['is somebody else’s by now', { lost: true }],
])('a call that %s is stopped', async (_, setting) => {
  const { handBack, running, putBack } = setUp(setting);
  expect(await handBack.all()).toBe(1);
  expect(putBack).not.toHaveBeenCalled();
  expect(running.abortReason?.message).toBe('The worker is shutting down');
  expect(running.handedBack).toBe(false);
});

test('a task comes again as the job that it is; with others in its batch it goes back alone', async () => {
  const alone = setUp({ task: true });
  await alone.handBack.all();
  expect([alone.comeAgain.mock.calls.length, alone.putBack.mock.calls.length]).toEqual([1, 0]);
  const among = setUp({ task: true, calls: 2 });
  await among.handBack.all();
  expect([among.comeAgain.mock.calls.length, among.putBack.mock.calls.length]).toEqual([0, 1]);
});

test('a call that cannot be put back is stopped, and answered by its own worker', async () => {
  const { handBack, running, finish } = setUp({ putBack: () => Promise.reject(new Error('away')) });
  expect(await handBack.all()).toBe(1);
  expect(running.aborted).toBe(true);
  expect([running.handedBack, finish.mock.calls.length]).toEqual([false, 0]);
});

test('a call that ends while it is put back is left as it is', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { handBack, running, finish, frames } = setUp({ putBack: () => promise });
  const all = handBack.all();
  running.end('result', '{}', 0);
  resolve();
  await all;
  expect([running.handedBack, finish.mock.calls.length, frames.length]).toEqual([false, 0, 1]);
});

test('what has ended is not touched', async () => {
  const { handBack, open, running, putBack } = setUp();
  handBack.end(open);
  await handBack.all();
  expect([putBack.mock.calls.length, running.aborted]).toEqual([0, false]);
});
