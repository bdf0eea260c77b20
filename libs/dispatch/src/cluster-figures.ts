import type { CatalogueView, Dispatcher, TaskStatus } from '@millrace/broker';
import { type ErrorName, MillraceError } from '@millrace/protocol';
import type { Metrics, Tally } from '@millrace/service';
import { RequestTimer } from './request-timer.ts';

/** The queues of single workers, which keep state for somebody, count as one pool: workers come and go without end. */
const OWN_QUEUES = 'own';

/** Methods whose answers are streams that last as long as their clients like. */
const ENDLESS = new Set(['subscriptions/listen']);

/** Counts what happens between a transport and the broker. */
export class ClusterFigures {
  readonly #metrics: Metrics;
  #pools: ReadonlySet<string> = new Set();
  readonly #batchSizes = new Map<string, Tally>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Pools that serve something, be it without a worker now. */
  get pools(): ReadonlySet<string> {
    return this.#pools;
  }

  /** Takes a new state of the catalogue. */
  follow({ tools, resources, resourceTemplates, prompts, workers }: CatalogueView): void {
    const served = [tools, resources, resourceTemplates, prompts].flat();
    this.#pools = new Set(served.map(({ pool }) => pool));
    this.#batchSizes.clear();
    const serving = workers.flatMap((worker) => worker.pools.filter((pool) => pool !== worker.id));
    this.#metrics.workers.reset();
    for (const pool of this.#pools) this.#metrics.workers.set({ pool }, 0);
    for (const pool of serving) this.#metrics.workers.inc({ pool });
  }

  /** Brings those figures up to date that are not counted as they change. */
  observe(dispatcher: Pick<Dispatcher, 'pending' | 'pendingBytes' | 'waiting'>): void {
    const { pending, pendingBytes, waiting } = this.#metrics;
    pending.set(dispatcher.pending);
    pendingBytes.set(dispatcher.pendingBytes);
    waiting.reset();
    for (const [pool, calls] of dispatcher.waiting()) waiting.inc({ pool: this.#labelOf(pool) }, calls);
  }

  /** @returns undefined for a method that is not timed */
  timerOf(method: string): RequestTimer | undefined {
    return ENDLESS.has(method) ? undefined : new RequestTimer(method, this.#metrics);
  }

  batchLeft(pool: string, calls: number): void {
    let sizes = this.#batchSizes.get(pool);
    if (!sizes) {
      sizes = this.#metrics.batchSize.bind({ pool: this.#labelOf(pool) });
      this.#batchSizes.set(pool, sizes);
    }
    sizes.observe(calls);
  }

  refused(reason: ErrorName): void {
    this.#metrics.refused.inc({ reason });
  }

  /** @param thrown why a call has no route */
  unrouted(thrown: unknown): void {
    if (thrown instanceof MillraceError) this.refused(thrown.kind);
  }

  workersLost(count: number): void {
    this.#metrics.workersLost.inc(count);
  }

  session(event: 'opened' | 'ended'): void {
    this.#metrics.sessions.inc({ event });
  }

  task(status: TaskStatus): void {
    this.#metrics.tasks.inc({ status });
  }

  #labelOf(pool: string): string {
    return this.#pools.has(pool) ? pool : OWN_QUEUES;
  }
}
