import { Bulkhead } from '@millrace/resilience';
import type { Metrics } from '@millrace/service';
import type { RunningCall } from './running-call.ts';
import type { Chained } from './tool-chain.ts';

/** How long a call waits for a place on this worker before it is left to others, in milliseconds. */
const PATIENCE_MS = 50;

/** The places that tools with a limit have on this worker. */
export class ToolPlaces {
  readonly #metrics: Metrics;
  readonly #bulkheads = new Map<string, Bulkhead>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Undefined for tools without a limit. A worker that cannot ask Redis keeps to the limit of the fleet by itself. */
  of({ tool, policies }: Omit<Chained, 'target'>): Bulkhead | undefined {
    const { perWorker = Infinity, fleet = Infinity } = policies.concurrency ?? {};
    const limit = Math.min(perWorker, fleet);
    if (!tool || limit === Infinity) return undefined;
    const { name } = tool;
    const key = `${limit} of ${name}`;
    const known = this.#bulkheads.get(key);
    if (known) return known;
    const bulkhead = new Bulkhead(limit, (change) =>
      this.#metrics.bulkheadWaiting.inc({ tool: name }, change),
    );
    this.#bulkheads.set(key, bulkhead);
    return bulkhead;
  }

  /**
   * Takes a place for a call that may as well be run by another worker: nobody keeps what he cannot begin. The more of
   * them wait, the more patient each is, so that they do not go round in circles.
   *
   * @returns false when the call had better be left to others
   */
  reserve(running: RunningCall, chained: Omit<Chained, 'target'>): true | Promise<boolean> {
    if (chained.policies.concurrency?.perWorker === undefined) return true;
    const bulkhead = this.of(chained);
    if (!bulkhead) return true;
    if (!bulkhead.tryEnter()) return this.#wait(running, bulkhead);
    running.place = bulkhead;
    return true;
  }

  async #wait(running: RunningCall, bulkhead: Bulkhead): Promise<boolean> {
    const patienceMs = PATIENCE_MS * (1 + bulkhead.waiting);
    const { entered, giveUp } = bulkhead.wait();
    const timer = setTimeout(giveUp, Math.min(patienceMs, running.deadline - Date.now()));
    const forget = running.onAbort(giveUp);
    const got = await entered;
    clearTimeout(timer);
    forget();
    if (got) running.place = bulkhead;
    return got;
  }
}
