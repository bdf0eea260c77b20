import type { Call } from '@millrace/protocol';

/** A call on its way to the queue, with what the batcher must know of it. */
export interface Outgoing {
  readonly call: Call;
  /** Size of its parameters in bytes, about. */
  readonly bytes: number;
  /** Expected run time in milliseconds. */
  readonly workMs: number;
}

export interface BatchLimits {
  /** Calls of one batch at most. */
  readonly calls: number;
  /** Bytes of one batch at most; a single larger call travels alone. */
  readonly bytes: number;
  /** Expected work of one batch at most, in milliseconds; a single slower call travels alone. */
  readonly workMs: number;
}

export const DEFAULT_BATCH_LIMITS: BatchLimits = { calls: 128, bytes: 512 * 1024, workMs: 50 };

/** Batches of one pool that may be on their way to the queue at the same time, as far as they left together. */
const MAX_ADDING = 1;

export interface BatcherOptions {
  readonly limits: BatchLimits;
  /** Calls that one batch may hold whatever their work, because all workers are busy anyway; 1 when they are not. */
  readonly busyAllowance: () => number;
  /** Puts one batch on the queue. Must not reject: it tells the callers itself. */
  readonly send: (batch: readonly Outgoing[]) => Promise<void>;
}

/**
 * Gathers the calls of one pool into batches without ever waiting on a timer: calls of one turn of the event
 * loop leave together, and while they are being added to the queue the next ones gather.
 */
export class Batcher {
  readonly #options: BatcherOptions;
  #gathered: Outgoing[] = [];
  #scheduled = false;
  #adding = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  add(outgoing: Outgoing): void {
    this.#gathered.push(outgoing);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#adding >= MAX_ADDING) return;
    this.#scheduled = true;
    setImmediate(() => void this.#leave());
  }

  async #leave(): Promise<void> {
    this.#scheduled = false;
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#adding += 1;
    const batches = split(gathered, this.#options.limits, this.#options.busyAllowance());
    await Promise.all(batches.map(this.#options.send));
    this.#adding -= 1;
    if (this.#gathered.length > 0) this.#schedule();
  }
}

/** Cuts the calls, in their order, into batches within the limits. */
export function split(
  outgoing: readonly Outgoing[],
  limits: BatchLimits,
  busyAllowance: number,
): Outgoing[][] {
  const batches: Outgoing[][] = [];
  let batch: Outgoing[] = [];
  let bytes = 0;
  let workMs = 0;
  for (const one of outgoing) {
    const tooMuchWork = workMs + one.workMs > limits.workMs && batch.length >= busyAllowance;
    const full = batch.length >= limits.calls || bytes + one.bytes > limits.bytes || tooMuchWork;
    if (full && batch.length > 0) {
      batches.push(batch);
      batch = [];
      bytes = 0;
      workMs = 0;
    }
    batch.push(one);
    bytes += one.bytes;
    workMs += one.workMs;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
