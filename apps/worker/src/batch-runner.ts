import {
  type Claims,
  type Delivery,
  type FinishedCalls,
  type Replies,
  type TaskProgress,
  TryAgain,
} from '@millrace/broker';
import { type Call, type Frame, MillraceError, toMillraceError } from '@millrace/protocol';
import type { Slots } from '@millrace/resilience';
import type { Logger } from '@millrace/service';
import { type Registry, type Target, unknownTarget } from '@millrace/toolkit';
import { BatchTasks } from './batch-tasks.ts';
import type { CallRunner } from './call-runner.ts';
import { HeldSlot } from './held-slot.ts';
import { RunningCall } from './running-call.ts';
import type { RunningCalls } from './running-calls.ts';
import type { TaskRun } from './task-run.ts';
import { UnfinishedBatch } from './unfinished-batch.ts';

export interface BatchRunnerOptions {
  /** Id of this worker. */
  readonly worker: string;
  readonly registry: Registry;
  readonly runner: CallRunner;
  readonly running: RunningCalls;
  readonly slots: Slots;
  readonly claims: Claims;
  readonly finished: FinishedCalls;
  readonly replies: Replies;
  readonly progress: TaskProgress;
  readonly logger: Logger;
  /** Told whenever slots were taken or given back. */
  readonly onSlots: () => void;
}

/** How long a call of a batch waits for a slot before it is put back, in milliseconds. */
const PATIENCE_MS = 50;

/** A call of a batch with what it runs on. */
interface Work {
  readonly running: RunningCall;
  readonly target: Target;
  readonly task: TaskRun | undefined;
}

/** Works through one batch: drops what is expired, claims what must not run twice, runs the rest on free slots. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions;
  #arriving = 0;

  constructor(options: BatchRunnerOptions) {
    this.#options = options;
  }

  /** Slots that no call holds, waits for, or is about to take: with none left, no further batch may be taken. */
  get freeSlots(): number {
    return Math.max(0, this.#options.slots.free - this.#arriving);
  }

  /**
   * Resolves when every call of the batch is answered or dropped, and the answers have reached Redis. Rejects with
   * `TryAgain` when the batch is a task that has to come again.
   */
  async run(delivery: Delivery): Promise<void> {
    const { finished, progress, logger } = this.#options;
    const batch = new UnfinishedBatch(delivery, finished);
    const tasks = new BatchTasks({ progress, logger, retried: delivery.retried });
    const work = await this.#arrive(delivery.batch.calls.length, () => this.#unpack(batch, delivery, tasks));
    const free = work.filter(({ target }) => target.idempotent);
    const guarded = work.filter(({ target }) => !target.idempotent);
    await Promise.all([this.#runClaimed(guarded, batch, delivery), this.#runAll(free, batch, delivery)]);
    const again = await tasks.end();
    await this.#options.replies.flush();
    if (again) throw new TryAgain('a failure of a task that another try may help');
    await batch.end();
  }

  /** What of the batch is to be done here and now. */
  async #unpack(batch: UnfinishedBatch, delivery: Delivery, tasks: BatchTasks): Promise<readonly Work[]> {
    const calls = await batch.calls();
    const work = calls
      .filter((call) => call.deadline > Date.now() || call.task !== undefined)
      .map((call) => this.#prepare(call, delivery, tasks));
    return work.filter((one) => one !== undefined);
  }

  /** Counts calls as arriving for as long as a step takes that stands between them and their slots. */
  async #arrive<T>(calls: number, step: () => Promise<T>): Promise<T> {
    this.#arriving += calls;
    this.#options.onSlots();
    try {
      return await step();
    } finally {
      this.#arriving -= calls;
    }
  }

  /** Finds what a call runs on; answers it at once when there is nothing, and skips it when it was cancelled. */
  #prepare(call: Call, { batch }: Delivery, tasks: BatchTasks): Work | undefined {
    const reply = (frame: Frame) => this.#options.replies.send(batch.replyTo, frame);
    const task = tasks.open(call, reply);
    const send = task ? (frame: Frame) => task.send(frame) : reply;
    const running = new RunningCall(call, send, this.#options.worker, task);
    const target = this.#options.registry.find(call);
    if (!target) {
      answer(running, unknownTarget(call));
      return undefined;
    }
    return this.#options.running.begin(running) ? { running, target, task } : undefined;
  }

  async #runClaimed(work: readonly Work[], batch: UnfinishedBatch, delivery: Delivery): Promise<void> {
    if (work.length === 0) return;
    const mine = await this.#arrive(work.length, () => this.#claim(work, delivery.redelivered));
    await this.#runAll(mine, batch, delivery);
  }

  /** @returns what may run: what could be claimed */
  async #claim(work: readonly Work[], redelivered: boolean): Promise<readonly Work[]> {
    try {
      const taken = await this.#options.claims.take(
        work.map(({ running: { call } }) => ({ call: call.id, deadline: call.deadline })),
      );
      const [mine, lost] = partition(work, ({ running }) => taken.has(running.call.id));
      for (const { running } of lost) {
        this.#options.running.end(running);
        if (redelivered) answer(running, workerLost(running.call));
      }
      return mine;
    } catch (cause) {
      for (const { running } of work) {
        this.#options.running.end(running);
        answer(running, notClaimed(running.call, cause));
      }
      return [];
    }
  }

  async #runAll(work: readonly Work[], batch: UnfinishedBatch, delivery: Delivery): Promise<void> {
    await Promise.all(work.map((one) => this.#runOne(one, batch, delivery)));
  }

  async #runOne(work: Work, batch: UnfinishedBatch, delivery: Delivery): Promise<void> {
    const { running, task } = work;
    const { slots, onSlots } = this.#options;
    if (!slots.tryTake() && !(await this.#waitForSlot(work))) {
      await this.#putBack(work, delivery);
      batch.finish(running.call.id);
      onSlots();
      return;
    }
    onSlots();
    const held = task && new HeldSlot(slots, onSlots);
    if (held) task.runsOn(held);
    try {
      await this.#runIfWanted(work);
    } finally {
      if (held) held.close();
      else {
        slots.release();
        onSlots();
      }
      this.#options.running.end(running);
      batch.finish(running.call.id);
    }
  }

  /** @returns false when the call had better be run by another worker; a task came alone and has time */
  async #waitForSlot({ task }: Work): Promise<boolean> {
    const { slots } = this.#options;
    if (!task) return slots.takeWithin(PATIENCE_MS);
    await slots.take();
    return true;
  }

  /** No worker keeps calls that it cannot begin while others are idle: batches are filled by guesses at run times. */
  async #putBack({ running, target }: Work, delivery: Delivery): Promise<void> {
    const { call } = running;
    try {
      if (!target.idempotent) await this.#options.claims.release(call.id);
      this.#options.running.end(running);
      if (!running.aborted) await delivery.putBack(call);
    } catch (cause) {
      answer(running, notClaimed(call, cause));
    }
  }

  /** It may have been cancelled, or expired, while it waited for its slot; of a task, that must be told. */
  async #runIfWanted({ running, target, task }: Work): Promise<void> {
    const { runner } = this.#options;
    if (running.abortReason) {
      if (task) answer(running, toMillraceError(running.abortReason));
    } else if (running.call.deadline <= Date.now()) {
      if (task) answer(running, expired(running.call));
    } else if (!task || (await task.begin())) {
      await runner.run(running, target);
    }
    // Only then does the call count as finished, should this worker die now.
    await task?.ended();
  }
}

function answer(running: RunningCall, error: MillraceError): void {
  running.end('error', JSON.stringify(error.toJsonRpc(running.call.id)), 0);
}

function expired({ target }: Call): MillraceError {
  return new MillraceError('deadline_exceeded', `${target} was not begun by its deadline`);
}

function workerLost(call: Call): MillraceError {
  return new MillraceError(
    'worker_lost',
    `The worker that ran ${call.target} was lost: it is not known whether the call took effect`,
    { details: { target: call.target } },
  );
}

/** Redis answered, but took no claim, for instance because its memory is full. */
function notClaimed(call: Call, cause: unknown): MillraceError {
  return new MillraceError('broker_unavailable', `${call.target} was not run: it could not be claimed`, {
    cause,
  });
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
