import {
  type Call,
  ENVELOPE_VERSION,
  type Frame,
  isTerminal,
  type MillraceError,
  type Priority,
  type SealCalls,
} from '@millrace/protocol';
import { type Logger, type Service, systemClock } from '@millrace/service';
import type { Redis } from 'ioredis';
import { BacklogReports } from './backlog-reports.ts';
import { type BatchLimits, DEFAULT_BATCH_LIMITS, type Outgoing } from './batcher.ts';
import { CancellationSender } from './cancellations.ts';
import type { Dispatch } from './dispatch.ts';
import { brokerUnavailable, nestedTooDeeply, notQueued, overloaded } from './dispatch-errors.ts';
import { FrameListeners } from './frame-listeners.ts';
import type { Keys } from './keys.ts';
import { LoadReports } from './load-reports.ts';
import { errorFrame, PendingCalls } from './pending-calls.ts';
import type { PoolGate } from './pool-gate.ts';
import { PoolOutlet } from './pool-outlet.ts';
import { PoolQueue } from './pool-queue.ts';
import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';
import { removeQueue } from './remove-queue.ts';
import { ReplyChannel } from './reply-channel.ts';
import { RunTimes } from './run-times.ts';
import { StoredReplies } from './stored-replies.ts';

export interface DispatcherOptions {
  readonly source: RedisSource;
  readonly keys: Keys;
  /** Id of this front door, unique in the cluster. */
  readonly frontDoor: string;
  /** Slots of all live workers of a pool. */
  readonly slotsOf: (pool: string) => number;
  /** Version of the envelope that all live workers of a pool read; this release's own unless given. */
  readonly envelopeOf?: (pool: string) => number;
  /** Newest version of the envelope that this front door writes and reads; this release's own unless given. */
  readonly envelope?: number;
  readonly limits?: BatchLimits;
  /** Proves to workers who made the calls; absent where they do not ask. */
  readonly seal?: SealCalls | undefined;
  /** Turns of tenants that get more than one in each round, while calls wait for their turn. */
  readonly tenantWeights?: Readonly<Record<string, number>>;
  /** Told of each batch that leaves, and how many calls it has. */
  readonly onBatch?: (pool: string, calls: number) => void;
  /** Told of each call that is refused while it waits for its turn, because it would come too late. */
  readonly onShed?: () => void;
}

/** The front door's way to the workers and back: each dispatched call gets exactly one terminal frame. */
export class Dispatcher implements Service {
  /** Who hears frames that are of no call that was dispatched here. */
  readonly listeners = new FrameListeners();
  readonly #options: DispatcherOptions;
  readonly #redis: Redis;
  readonly #pending: PendingCalls;
  readonly #replies: ReplyChannel;
  readonly #stored: StoredReplies;
  readonly #cancellations: CancellationSender;
  readonly #runTimes = new RunTimes();
  readonly #pools = new Map<string, PoolOutlet>();
  readonly #load: LoadReports;
  readonly #backlog: BacklogReports;
  readonly #logger: Logger;
  #pendingBytes = 0;

  constructor(options: DispatcherOptions) {
    const { source, keys, frontDoor, envelope = ENVELOPE_VERSION } = options;
    this.#options = options;
    this.#logger = source.logger;
    this.#redis = connectFailFast(source, 'dispatcher');
    this.#stored = new StoredReplies(this.#redis, keys, envelope);
    this.#cancellations = new CancellationSender(this.#redis, keys, source.logger);
    this.#pending = new PendingCalls({
      onExpired: (dispatch) => this.#cancelWork(dispatch),
      onSettled: (dispatch, frame) => this.#settle(dispatch, frame),
    });
    this.#load = new LoadReports({
      redis: this.#redis,
      keys,
      gates: () => this.#gates(),
      clock: systemClock,
      logger: source.logger,
    });
    this.#backlog = new BacklogReports({
      redis: this.#redis,
      keys,
      frontDoor,
      waiting: () => this.waiting(),
      clock: systemClock,
      logger: source.logger,
    });
    this.#replies = new ReplyChannel({
      source,
      keys,
      frontDoor,
      envelope,
      onFrame: (frame) => this.#receive(frame),
      onResumed: () => void this.#readStored(),
    });
  }

  /** Whether calls can be put on the queue at this moment. */
  get connected(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Bytes of their parameters, about. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Calls that wait here for their turn, by pool, and since when the oldest of them does, in epoch milliseconds. */
  *waiting(): Iterable<readonly [pool: string, calls: number, since: number]> {
    for (const [pool, { gate }] of this.#pools) yield [pool, gate.waiting, gate.waitingSince];
  }

  /** How long a call would wait now before it is run, in milliseconds, about; 0 when that is not known. */
  waitMs(pool: string, tenant: string, priority: Priority): number {
    return this.#pools.get(pool)?.gate.waitMs(tenant, priority) ?? 0;
  }

  /** How long a call of the target runs, in milliseconds, about. */
  expectedRunMs(target: string): number {
    return this.#runTimes.expected(target);
  }

  async start(): Promise<void> {
    await whenReady(this.#redis);
    await this.#replies.start();
    await this.#load.start();
    await this.#backlog.start();
  }

  async stop(): Promise<void> {
    await this.#load.stop();
    await this.#backlog.stop();
    this.#pending.failAll('shutting_down', 'The front door is shutting down');
    this.#cancellations.flush();
    await this.#replies.stop();
    disconnect(this.#redis);
  }

  /** Sends a call on its way. Never throws: a failure arrives as an error frame. */
  dispatch(dispatch: Dispatch): void {
    if (!this.connected) {
      dispatch.listener(errorFrame(dispatch.call.id, brokerUnavailable()));
      return;
    }
    this.#pendingBytes += dispatch.bytes;
    this.#pending.add(dispatch);
    this.#pool(dispatch.pool).gate.enter(dispatch);
  }

  /** Ends all calls to a worker that had a queue of its own and is gone, and removes the queue. */
  abandon(worker: string, errorOf: (target: string) => MillraceError): void {
    for (const { call } of this.#pending.inPool(worker)) this.#pending.fail(call.id, errorOf(call.target));
    void this.#pools.get(worker)?.queue.close();
    this.#pools.delete(worker);
    void removeQueue(this.#redis, this.#options.keys, worker, this.#logger);
  }

  /** Forgets a call that goes on without anybody here who waits for it. */
  release(call: string): void {
    this.#pending.forget(call);
  }

  /** Forgets a call that nobody waits for any more and stops its work. */
  cancel(call: string): void {
    const dispatch = this.#pending.forget(call);
    if (dispatch) this.#cancelWork(dispatch);
  }

  #refuse({ id, target }: Call, lateMs: number): void {
    this.#options.onShed?.();
    this.#pending.fail(id, overloaded(target, lateMs));
  }

  #receive(frame: Frame): void {
    if (!this.#pending.receive(frame)) this.listeners.receive(frame);
  }

  #settle(dispatch: Dispatch, frame: Frame | undefined): void {
    this.#pendingBytes -= dispatch.bytes;
    this.#pools.get(dispatch.pool)?.gate.leave(dispatch, frame);
    if (frame && isTerminal(frame) && frame.runMs > 0)
      this.#runTimes.learn(dispatch.call.target, frame.runMs);
  }

  #workOf({ call: { target }, sharedBy }: Dispatch): number {
    if (sharedBy === undefined) return this.#runTimes.expected(target);
    return this.#runTimes.share(target, sharedBy, (this.#options.limits ?? DEFAULT_BATCH_LIMITS).workMs);
  }

  #cancelWork({ pool, call }: Dispatch): void {
    this.#cancellations.send(pool, call.id);
  }

  #pool(name: string): PoolOutlet {
    const known = this.#pools.get(name);
    if (known) return known;
    const { keys, frontDoor, seal, slotsOf, limits, tenantWeights } = this.#options;
    const queue = new PoolQueue(this.#redis, keys, name, frontDoor, seal);
    const pool = new PoolOutlet({
      queue,
      slots: () => slotsOf(name),
      limits,
      weights: tenantWeights,
      canSend: () => this.connected,
      workOf: (dispatch) => this.#workOf(dispatch),
      enqueue: (batch, urgent) => this.#enqueue(name, queue, batch, urgent),
      refuse: ({ call }, lateMs) => this.#refuse(call, lateMs),
    });
    this.#pools.set(name, pool);
    return pool;
  }

  *#gates(): Iterable<readonly [pool: string, gate: PoolGate]> {
    for (const [pool, { gate }] of this.#pools) yield [pool, gate];
  }

  async #enqueue(pool: string, queue: PoolQueue, batch: readonly Outgoing[], urgent: boolean): Promise<void> {
    // A client may have gone while its call waited for the batch to leave.
    const calls = batch.map((one) => one.call).filter((call) => this.#pending.has(call.id));
    if (calls.length === 0) return;
    this.#options.onBatch?.(pool, calls.length);
    try {
      await queue.add(calls, this.#envelopeOf(pool), urgent ? { lifo: true } : undefined);
    } catch (error) {
      if (error instanceof RangeError) return this.#isolate(pool, queue, batch, error);
      this.#logger.warn({ err: error, calls: calls.length }, 'a batch was not put on the queue');
      for (const call of calls) this.#failUnsent(call.id, error);
    }
  }

  /** JSON can be read at any depth but not written: only the call that is nested too deeply may fail by that. */
  async #isolate(
    pool: string,
    queue: PoolQueue,
    batch: readonly Outgoing[],
    cause: RangeError,
  ): Promise<void> {
    const [first, ...others] = batch;
    if (first && others.length === 0) this.#pending.fail(first.call.id, nestedTooDeeply(cause));
    else await Promise.all(batch.map((one) => this.#enqueue(pool, queue, [one], false)));
  }

  #envelopeOf(pool: string): number {
    const { envelope = ENVELOPE_VERSION, envelopeOf } = this.#options;
    return Math.min(envelope, envelopeOf?.(pool) ?? ENVELOPE_VERSION);
  }

  /** The connection broke while the batch was being added: whether it arrived cannot be known. */
  #failUnsent(call: string, cause: unknown): void {
    const dispatch = this.#pending.get(call);
    if (!dispatch) return;
    this.#pending.fail(call, notQueued(dispatch.idempotent, cause));
  }

  async #readStored(): Promise<void> {
    try {
      // The channel and this connection come back each at its own time.
      await whenReady(this.#redis);
      const names = [...this.#pending.ids(), ...this.listeners.names()];
      if (names.length === 0) return;
      for (const frame of await this.#stored.take(names)) this.#receive(frame);
      await this.#redis.publish(this.#options.keys.missedReplies, this.#options.frontDoor);
    } catch (error) {
      this.#logger.warn({ err: error }, 'answers that were missed could not be asked for');
    }
  }
}
