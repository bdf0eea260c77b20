import { systemClock } from '@millrace/service';
import { Batcher, type BatchLimits, DEFAULT_BATCH_LIMITS, type Outgoing } from './batcher.ts';
import type { Dispatch } from './dispatch.ts';
import { PoolGate, type PoolGateOptions } from './pool-gate.ts';
import type { PoolQueue } from './pool-queue.ts';

/** How often calls in flight must outnumber the slots of their pool before its batches may grow. */
const BUSY_FACTOR = 2;

export interface PoolOutletOptions extends Pick<PoolGateOptions, 'slots' | 'canSend' | 'refuse'> {
  readonly queue: PoolQueue;
  readonly limits: BatchLimits | undefined;
  /** Turns of tenants that get more than one in each round. */
  readonly weights: Readonly<Record<string, number>> | undefined;
  /** Expected run time of a call, in milliseconds. */
  readonly workOf: (dispatch: Dispatch) => number;
  /** Puts one batch on the queue, an urgent one before the others. Must not reject: it tells the callers itself. */
  readonly enqueue: (batch: readonly Outgoing[], urgent: boolean) => Promise<void>;
}

/** One pool as seen from a front door: calls pass the gate, gather into batches, and leave for the queue. */
export class PoolOutlet {
  readonly queue: PoolQueue;
  readonly gate: PoolGate;
  readonly #options: PoolOutletOptions;
  readonly #batcher: Batcher;
  readonly #urgent: Batcher;

  constructor(options: PoolOutletOptions) {
    const { queue, slots, canSend, refuse, weights } = options;
    this.#options = options;
    this.queue = queue;
    this.gate = new PoolGate({
      slots,
      canSend,
      refuse,
      send: (dispatch, urgent) => this.#put(dispatch, urgent),
      clock: systemClock,
      ...(weights && { weights }),
    });
    this.#batcher = this.#newBatcher(false);
    this.#urgent = this.#newBatcher(true);
  }

  #newBatcher(urgent: boolean): Batcher {
    const { limits = DEFAULT_BATCH_LIMITS, enqueue } = this.#options;
    return new Batcher({
      limits,
      busyAllowance: () => this.#busyAllowance(),
      send: (batch) => enqueue(batch, urgent),
    });
  }

  #put(dispatch: Dispatch, urgent: boolean): void {
    const { call, bytes } = dispatch;
    const outgoing = { call, bytes, workMs: this.#options.workOf(dispatch) };
    if (urgent) this.#urgent.add(outgoing);
    else this.#batcher.add(outgoing);
  }

  /**
   * With more calls in flight than slots, the calls of a batch would wait anyway: they may then wait together,
   * up to half of what each slot has before it, and the queue sees fewer jobs.
   */
  #busyAllowance(): number {
    const slots = this.#options.slots();
    return slots > 0 ? Math.max(1, Math.floor(this.gate.sent / (BUSY_FACTOR * slots))) : 1;
  }
}
