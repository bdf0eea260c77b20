import {
  type Claims,
  type Delivery,
  type FinishedCalls,
  type Replies,
  type TaskProgress,
  TryAgain,
} from '@millrace/broker';
import { type Call, type Frame, MillraceError, type ReplyAddress, toMillraceError } from '@millrace/protocol';
import type { Slots } from '@millrace/resilience';
import type { Logger } from '@millrace/service';
import { type Registry, type Target, unknownTarget } from '@millrace/toolkit';
import { BatchTasks } from './batch-tasks.ts';
import { answer, expired, notClaimed, workerLost } from './call-errors.ts';
import type { CallRunner } from './call-runner.ts';
import { HandBack } from './hand-back.ts';
import { HeldSlot } from './held-slot.ts';
import type { KeyedReplies } from './keyed-replies.ts';
import { type Guard, refusalsOf } from './refusals.ts';
import { RunningCall } from './running-call.ts';
import type { RunningCalls } from './running-calls.ts';
import type { TaskRun } from './task-run.ts';
import type { ToolBatches } from './tool-batches.ts';
import { UnfinishedBatch } from './unfinished-batch.ts';

export interface BatchRunnerOptions {
  /** Id of this worker. */
  readonly worker: string;
  readonly registry: Registry;
  readonly runner: CallRunner;
  readonly running: RunningCalls;
  readonly slots: Slots;
  readonly toolBatches: ToolBatches;
  readonly claims: Claims;
  readonly finished: FinishedCalls;
  readonly replies: Replies;
  /** Answers calls that have an idempotency key; without it they are answered like all others. */
  readonly keyed?: KeyedReplies;
  readonly progress: TaskProgress;
  /** Whether calls of the target may wait for something while others have their slot; none unless given. */
  readonly mayWait?: (target: Target) => boolean;
  /** Takes a place among the runs of the target, where these are limited; see `ToolPlaces`. */
  readonly reserve?: (running: RunningCall, target: Target) => true | Promise<boolean>;
  /** Absent where authentication is off. */
  readonly guard?: Guard | undefined;
  readonly logger: Logger;
  /** Told the pool of each call that is dropped because its deadline has passed. */
  readonly onExpired?: (pool: string) => void;
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
  readonly #handBack: HandBack;
  #arriving = 0;

  constructor(options: BatchRunnerOptions) {
    this.#options = options;
    this.#handBack = new HandBack(options.worker, options.logger);
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
    delivery.lock.whenLost(() => this.#abandon(work));
    const open = { work, batch, delivery };
    this.#handBack.begin(open);
    const free = work.filter(({ target }) => target.idempotent);
    const guarded = work.filter(({ target }) => !target.idempotent);
    const apart = delivery.redelivered && work.length > 1;
    const runFree = () => this.#runAll(free, batch, delivery);
    await Promise.all([
      this.#runClaimed(guarded, batch, delivery),
      apart ? this.#sendApart(free, batch, delivery) : runFree(),
    ]);
    this.#handBack.end(open);
    const again = await tasks.end();
    await this.#options.keyed?.flush();
    await this.#options.replies.flush();
    if (again && !delivery.lock.lost) throw new TryAgain('a failure of a task that another try may help');
    await batch.end();
  }

  /** Lets others have what runs here where that does no harm, and stops the rest. @returns how many were stopped */
  handBack(): Promise<number> {
    return this.#handBack.all();
  }

  /** What of the batch is to be done here and now. */
  async #unpack(batch: UnfinishedBatch, delivery: Delivery, tasks: BatchTasks): Promise<readonly Work[]> {
    const calls = await batch.calls();
    const { guard, registry } = this.#options;
    // Of the whole batch, also of what is not to be done again.
    guard?.admit(delivery.batch.calls);
    const refusals = guard && (await refusalsOf(calls, guard, (call) => registry.find(call)?.permissions));
    const work = calls
      .filter((call) => call.task !== undefined || !this.#hasExpired(call, delivery))
      .map((call) => this.#prepare(call, delivery, tasks, refusals?.get(call)));
    return work.filter((one) => one !== undefined);
  }

  /** Nobody waits for the call any more: its front door has answered it. */
  #hasExpired(call: Call, { pool, redelivered }: Delivery): boolean {
    if (call.deadline > Date.now()) return false;
    this.#options.onExpired?.(pool);
    // Another worker may have begun it, which then counts.
    if (!redelivered) this.#options.keyed?.drop(call);
    return true;
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
  #prepare(
    call: Call,
    { batch }: Delivery,
    tasks: BatchTasks,
    refusal: MillraceError | undefined,
  ): Work | undefined {
    const reply = this.#replyOf(call, batch.replyTo);
    const task = tasks.open(call, reply);
    const send = task ? (frame: Frame) => task.send(frame) : reply;
    const running = new RunningCall(call, send, this.#options.worker, task);
    const target = refusal ? undefined : this.#options.registry.find(call);
    if (!target) {
      answer(running, refusal ?? unknownTarget(call));
      return undefined;
    }
    const { frontDoor } = batch.replyTo;
    return this.#options.running.begin(running, frontDoor) ? { running, target, task } : undefined;
  }

  #replyOf(call: Call, to: ReplyAddress): (frame: Frame) => void {
    const { replies, keyed } = this.#options;
    const { idempotency } = call;
    if (idempotency && keyed) return (frame) => keyed.send(call, idempotency, to, frame);
    return (frame) => replies.send(to, frame);
  }

  /** Others have the batch by now, and answer its calls. */
  #abandon(work: readonly Work[]): void {
    const reason = new MillraceError('worker_lost', 'The worker was cut off from the cluster');
    for (const { running } of work) {
      running.abandon(reason);
      this.#options.running.end(running);
    }
  }

  /** One of the calls may have killed the worker that had them: each goes its own way, so that none suffers for another. */
  async #sendApart(work: readonly Work[], batch: UnfinishedBatch, { sendApart }: Delivery): Promise<void> {
    await Promise.all(
      work.map(async (one) => {
        await this.#putBack(one, sendApart);
        batch.finish(one.running.call.id);
      }),
    );
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
      for (const { running } of work.filter(({ running: { call } }) => !taken.has(call.id))) {
        this.#options.running.end(running);
        if (redelivered) answer(running, workerLost(running.call));
      }
      return work.filter(({ running }) => taken.has(running.call.id));
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
    const { running } = work;
    const { slots, onSlots } = this.#options;
    const reserved = this.#reserve(work);
    if ((reserved !== true && !(await reserved)) || (!slots.tryTake() && !(await this.#waitForSlot(work)))) {
      await this.#putBack(work, delivery.putBack);
      if (!running.handedBack) batch.finish(running.call.id);
      onSlots();
      return;
    }
    onSlots();
    const held = this.#hold(work);
    try {
      await this.#runIfWanted(work, delivery);
    } finally {
      if (held) held.close();
      else {
        slots.release();
        onSlots();
      }
      running.leavePlace();
      this.#options.running.end(running);
      if (!running.handedBack) batch.finish(running.call.id);
    }
  }

  /** @returns whether the call may begin here, as far as the limit of its tool goes; a task came alone and has time */
  #reserve({ running, target, task }: Work): true | Promise<boolean> {
    return task ? true : (this.#options.reserve?.(running, target) ?? true);
  }

  /** @returns the slot, when its call does not need it all the time */
  #hold({ running, target, task }: Work): HeldSlot | undefined {
    const { slots, onSlots, toolBatches } = this.#options;
    const mayWait = this.#options.mayWait?.(target) ?? false;
    if (!task && !target.batched && !mayWait) return undefined;
    const held = new HeldSlot(slots, onSlots);
    running.slot = held;
    task?.runsOn(held);
    const gather = toolBatches.gatherer(target, held);
    if (gather) running.gather = gather;
    return held;
  }

  /** @returns false when the call had better be run by another worker; a task came alone and has time */
  async #waitForSlot({ task }: Work): Promise<boolean> {
    const { slots } = this.#options;
    if (!task) return slots.takeWithin(PATIENCE_MS);
    await slots.take();
    return true;
  }

  /** No worker keeps calls that it cannot begin while others are idle: batches are filled by guesses at run times. */
  async #putBack({ running, target }: Work, put: (call: Call) => Promise<void>): Promise<void> {
    const { call } = running;
    running.leavePlace();
    try {
      if (!target.idempotent && !running.aborted) await this.#options.claims.release(call.id);
      this.#options.running.end(running);
      if (!running.aborted) await put(call);
    } catch (cause) {
      answer(running, notClaimed(call, cause));
    }
  }

  /** It may have been cancelled, or expired, while it waited for its slot; of a task, that must be told. */
  async #runIfWanted({ running, target, task }: Work, delivery: Delivery): Promise<void> {
    const { runner } = this.#options;
    if (running.abortReason) {
      if (task) answer(running, toMillraceError(running.abortReason));
    } else if (this.#hasExpired(running.call, delivery)) {
      if (task) answer(running, expired(running.call));
    } else if (!task || (await task.begin())) {
      await runner.run(running, target);
    }
    // Only then does the call count as finished, should this worker die now.
    await task?.ended();
  }
}
