import { type DeadLetters, Intake, type Keys, type RedisSource } from '@millrace/broker';
import type { Call } from '@millrace/protocol';
import type { Metrics } from '@millrace/service';
import { AbandonedBatches } from './abandoned-batches.ts';
import type { Answering } from './answering.ts';
import type { BatchRunner } from './batch-runner.ts';
import type { WorkerConfig } from './config.ts';

export interface IntakesOptions {
  /** Id of this worker; the name of its own pool too, where it keeps state for somebody. */
  readonly worker: string;
  readonly pools: readonly string[];
  readonly source: RedisSource;
  readonly keys: Keys;
  readonly config: WorkerConfig;
  readonly batches: BatchRunner;
  readonly letters: DeadLetters;
  readonly answering: Answering;
  /** Gives a call what it needs when it leaves its batch; nothing unless given. */
  readonly apart?: ((call: Call) => Call) | undefined;
  readonly metrics: Metrics;
}

/** The intakes of all pools of a worker. */
export class Intakes {
  readonly all: readonly Intake[];
  readonly #options: IntakesOptions;

  constructor(options: IntakesOptions) {
    this.#options = options;
    this.all = options.pools.map((pool) => this.#intake(pool));
  }

  async start(): Promise<void> {
    await Promise.all(this.all.map((intake) => intake.start()));
  }

  /** Takes nothing new at once, and resolves when all that was taken has ended. */
  async stop(): Promise<void> {
    await Promise.all(this.all.map((intake) => intake.stop()));
  }

  /** Tells that slots became free or were taken. */
  adjust(): void {
    for (const intake of this.all) intake.adjust();
  }

  /** Calls for which this worker alone has the state come to it also while it is drained. */
  obey(drained: boolean): void {
    const { pools, worker } = this.#options;
    for (const [at, intake] of this.all.entries()) {
      if (pools[at] === worker) continue;
      if (drained) void intake.quiet();
      else intake.resume();
    }
  }

  #intake(pool: string): Intake {
    const { worker, source, keys, config, batches, letters, answering, apart, metrics } = this.#options;
    const { finished, progress, replies, keyed } = answering;
    const abandoned = new AbandonedBatches({ pool, letters, finished, progress, replies, keyed });
    const label = { pool: pool === worker ? 'own' : pool };
    const waits = metrics.queueWait.bind(label);
    // From the beginning, or the first one of them would be no increase.
    for (const counter of [metrics.stalled, metrics.abandoned]) counter.inc(label, 0);
    return new Intake({
      source,
      keys,
      pool,
      lockMs: config.lockMs,
      maxDeaths: config.maxDeaths,
      freeSlots: () => batches.freeSlots,
      envelope: config.envelopeVersion,
      apart,
      onDelivery: (delivery) => batches.run(delivery),
      onTaken: (waitMs, calls) => waits.observe(waitMs / 1000, calls),
      onStalled: () => metrics.stalled.inc(label),
      onAbandoned: (batch) => {
        metrics.abandoned.inc(label);
        return abandoned.bury(batch);
      },
    });
  }
}
