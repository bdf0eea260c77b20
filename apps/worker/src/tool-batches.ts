import { BatchCollector, type Slots } from '@millrace/resilience';
import type { BatchItem, BatchPolicy, CallSink, GatheredTool, Target } from '@millrace/toolkit';
import type { HeldSlot } from './held-slot.ts';

export interface ToolBatchesOptions {
  readonly slots: Slots;
  /** Told whenever slots were taken or given back. */
  readonly onSlots: () => void;
  /** What counts for a tool: its definition, or configuration; undefined when its calls run alone. */
  readonly policyOf: (target: Target) => BatchPolicy | undefined;
  /** Told of each run and its calls. */
  readonly onRun?: (tool: string, calls: number) => void;
}

type Collector = BatchCollector<unknown, unknown>;

/**
 * The open batches of the tools that take them. They gather the calls of one worker, whichever jobs brought them. A call
 * holds no slot while it waits for its batch, and a run holds one, however many calls it answers: that of the call that
 * made it full, or the next one that is free.
 */
export class ToolBatches {
  readonly #options: ToolBatchesOptions;
  readonly #collectors = new Map<GatheredTool, Collector>();
  #hurried = false;

  constructor(options: ToolBatchesOptions) {
    this.#options = options;
  }

  /**
   * How a call runs together with others of its tool; undefined when it runs alone.
   *
   * @param held the slot of the call, which is free for others, or the run's, once the call has joined a batch
   */
  gatherer(target: Target, held: HeldSlot): NonNullable<CallSink['gather']> | undefined {
    const policy = target.batched ? this.#options.policyOf(target) : undefined;
    if (!policy) return undefined;
    return (tool, item) => {
      const { context } = item as BatchItem;
      const outcome = this.#collector(tool, policy).add(item, {
        ...(policy.perTenant && { group: context.principal.tenant }),
        signal: context.signal,
        handOver: () => held.handOver(),
      });
      held.close();
      return outcome;
    };
  }

  /** From now on no call waits for others, because this worker takes no more. */
  hurry(): void {
    this.#hurried = true;
    for (const collector of this.#collectors.values()) collector.hurry();
  }

  #collector(tool: GatheredTool, policy: BatchPolicy): Collector {
    const known = this.#collectors.get(tool);
    if (known) return known;
    this.#forgetIdle();
    const collector = this.#newCollector(tool, policy);
    if (this.#hurried) collector.hurry();
    this.#collectors.set(tool, collector);
    return collector;
  }

  /** Tools go with their plugins, and nobody says when. */
  #forgetIdle(): void {
    for (const [tool, collector] of this.#collectors) if (collector.idle) this.#collectors.delete(tool);
  }

  #newCollector(tool: GatheredTool, policy: BatchPolicy): Collector {
    const { slots, onSlots, onRun } = this.#options;
    return new BatchCollector({
      ...policy,
      places: {
        take: () => slots.take().then(onSlots),
        release: () => {
          slots.release();
          onSlots();
        },
      },
      run: (items) => {
        onRun?.(tool.name, items.length);
        return tool.run(items);
      },
    });
  }
}
