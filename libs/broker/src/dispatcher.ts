import { ENVELOPE_VERSION, type Frame, isTerminal, MillraceError } from '@millrace/protocol';
import type { Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import { Batcher, type BatchLimits, DEFAULT_BATCH_LIMITS, type Outgoing } from './batcher.ts';
import { CancellationSender } from './cancellations.ts';
import type { Dispatch } from './dispatch.ts';
import type { Keys } from './keys.ts';
import { PendingCalls } from './pending-calls.ts';
import { PoolQueue } from './pool-queue.ts';
import { connectFailFast, disconnect, type RedisSource, whenReady } from './redis.ts';
import { ReplyChannel } from './reply-channel.ts';
import { RunTimes } from './run-times.ts';
import { StoredReplies } from './stored-replies.ts';

/** What a client is told to wait before it tries again while Redis is away, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/** How often calls in flight must outnumber the slots of their pool before its batches may grow. */
const BUSY_FACTOR = 2;

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
}

/** One pool as seen from a front door. */
interface Pool {
  readonly queue: PoolQueue;
  readonly batcher: Batcher;
  inFlight: number;
}

/** The front door's way to the workers and back: each dispatched call gets exactly one terminal frame. */
export class Dispatcher implements Service {
  readonly #options: DispatcherOptions;
  readonly #redis: Redis;
  readonly #pending: PendingCalls;
  readonly #replies: ReplyChannel;
  readonly #stored: StoredReplies;
  readonly #cancellations: CancellationSender;
  readonly #runTimes = new RunTimes();
  readonly #pools = new Map<string, Pool>();
  readonly #logger: Logger;

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
    this.#replies = new ReplyChannel({
      source,
      keys,
      frontDoor,
      envelope,
      onFrame: (frame) => this.#pending.receive(frame),
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

  async start(): Promise<void> {
    await whenReady(this.#redis);
    await this.#replies.start();
  }

  async stop(): Promise<void> {
    this.#pending.failAll(new MillraceError('shutting_down', 'The front door is shutting down'));
    this.#cancellations.flush();
    await this.#replies.stop();
    disconnect(this.#redis);
  }

  /** Sends a call on its way. Never throws: a failure arrives as an error frame. */
  dispatch(dispatch: Dispatch): void {
    const { call, bytes } = dispatch;
    const pool = this.#pool(dispatch.pool);
    pool.inFlight += 1;
    this.#pending.add(dispatch);
    if (!this.connected) {
      this.#pending.fail(call.id, brokerUnavailable());
      return;
    }
    pool.batcher.add({ call, bytes, workMs: this.#runTimes.expected(call.target) });
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

  #settle(dispatch: Dispatch, frame: Frame | undefined): void {
    this.#pool(dispatch.pool).inFlight -= 1;
    if (frame && isTerminal(frame) && frame.runMs > 0)
      this.#runTimes.learn(dispatch.call.target, frame.runMs);
  }

  #cancelWork({ pool, call }: Dispatch): void {
    this.#cancellations.send(pool, call.id);
  }

  #pool(name: string): Pool {
    const known = this.#pools.get(name);
    if (known) return known;
    const queue = new PoolQueue(this.#redis, this.#options.keys, name, this.#options.frontDoor);
    const batcher = new Batcher({
      limits: this.#options.limits ?? DEFAULT_BATCH_LIMITS,
      busyAllowance: () => this.#busyAllowance(name),
      send: (batch) => this.#enqueue(name, queue, batch),
    });
    const pool: Pool = { queue, batcher, inFlight: 0 };
    this.#pools.set(name, pool);
    return pool;
  }

  /**
   * With more calls in flight than slots, the calls of a batch would wait anyway: they may then wait together,
   * up to half of what each slot has before it, and the queue sees fewer jobs.
   */
  #busyAllowance(pool: string): number {
    const slots = this.#options.slotsOf(pool);
    const inFlight = this.#pools.get(pool)?.inFlight ?? 0;
    return slots > 0 ? Math.max(1, Math.floor(inFlight / (BUSY_FACTOR * slots))) : 1;
  }

  async #enqueue(pool: string, queue: PoolQueue, batch: readonly Outgoing[]): Promise<void> {
    // A client may have gone while its call waited for the batch to leave.
    const calls = batch.map((one) => one.call).filter((call) => this.#pending.has(call.id));
    if (calls.length === 0) return;
    try {
      await queue.add(calls, this.#envelopeOf(pool));
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
    else await Promise.all(batch.map((one) => this.#enqueue(pool, queue, [one])));
  }

  #envelopeOf(pool: string): number {
    const { envelope = ENVELOPE_VERSION, envelopeOf } = this.#options;
    return Math.min(envelope, envelopeOf?.(pool) ?? ENVELOPE_VERSION);
  }

  /** The connection broke while the batch was being added: whether it arrived cannot be known. */
  #failUnsent(call: string, cause: unknown): void {
    const dispatch = this.#pending.get(call);
    if (!dispatch) return;
    this.#pending.fail(call, dispatch.idempotent ? brokerUnavailable(cause) : outcomeUnknown(cause));
  }

  async #readStored(): Promise<void> {
    try {
      // The channel and this connection come back each at its own time.
      await whenReady(this.#redis);
      for (const frame of await this.#stored.take(this.#pending.ids())) this.#pending.receive(frame);
    } catch (error) {
      this.#logger.warn({ err: error }, 'stored replies could not be read');
    }
  }
}

function brokerUnavailable(cause?: unknown): MillraceError {
  return new MillraceError('broker_unavailable', 'Redis cannot be reached', {
    cause,
    retryAfterMs: RETRY_AFTER_MS,
  });
}

function nestedTooDeeply(cause: RangeError): MillraceError {
  return new MillraceError('invalid_params', 'The parameters are nested too deeply', { cause });
}

function outcomeUnknown(cause: unknown): MillraceError {
  return new MillraceError(
    'outcome_unknown',
    'Redis was lost while the call was put on the queue: it is not known whether it will run',
    { cause },
  );
}
