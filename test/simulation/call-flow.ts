import type { Station, StationOptions } from './station.ts';
import { WaitRecord } from './wait-record.ts';

/** Calls that arrived in the same slice of time. */
interface Cohort {
  readonly arrivedAt: number;
  calls: number;
}

/**
 * Calls as a liquid: what arrives in a slice of time waits and starts together. The work for each slice is the same for
 * ten calls as for a million. What it leaves out is chance, which is small where thousands of slots are.
 */
export class CallFlow implements Station {
  readonly waits = new WaitRecord();
  readonly #options: StationOptions;
  readonly #sliceMs: number;
  readonly #queue: Cohort[] = [];
  #active = 0;
  #waiting = 0;
  #slots = 0;
  #now = 0;

  /** @param sliceMs how fine time is cut; waits are known to about that */
  constructor(options: StationOptions, sliceMs = 100) {
    this.#options = options;
    this.#sliceMs = sliceMs;
  }

  get active(): number {
    return Math.round(this.#active);
  }

  get waiting(): number {
    return Math.round(this.#waiting);
  }

  get oldestWaitMs(): number {
    const [oldest] = this.#queue;
    return oldest ? this.#now - oldest.arrivedAt : 0;
  }

  setSlots(slots: number): void {
    this.#slots = slots;
  }

  advance(toMs: number): void {
    while (this.#now < toMs) {
      const sliceMs = Math.min(this.#sliceMs, toMs - this.#now);
      this.#arrive(sliceMs);
      this.#now += sliceMs;
      this.#start(sliceMs);
    }
  }

  #arrive(sliceMs: number): void {
    const { traffic } = this.#options;
    const at = this.#now / 1000;
    const calls = at < traffic.seconds ? (traffic.rateAt(at) * sliceMs) / 1000 : 0;
    if (calls === 0) return;
    this.#queue.push({ arrivedAt: this.#now + sliceMs / 2, calls });
    this.#waiting += calls;
  }

  /** Within a slice slots are emptied and filled again: that is how many calls can start, if Redis passes them on. */
  #start(sliceMs: number): void {
    const { service, redisRate } = this.#options;
    const mean = service.meanMs;
    const kept = Math.exp(-sliceMs / mean);
    // With s calls started per millisecond: d(active)/dt = s - active / mean. Solved for the end of the slice.
    const room = Math.max(0, this.#slots - this.#active * kept);
    const startable = (room / (1 - kept)) * (sliceMs / mean);
    const started = this.#take(Math.min(startable, (redisRate * sliceMs) / 1000), sliceMs / 2);
    this.#active = this.#active * kept + (started / sliceMs) * mean * (1 - kept);
  }

  /** Takes the oldest away. @returns how many calls there were, up to `limit` */
  #take(limit: number, sinceMs: number): number {
    let left = Math.min(limit, this.#waiting);
    const taken = left;
    while (left > 0) {
      const oldest = this.#queue[0];
      if (!oldest) break;
      const calls = Math.min(left, oldest.calls);
      this.waits.add(Math.max(0, this.#now - sinceMs - oldest.arrivedAt), calls);
      oldest.calls -= calls;
      left -= calls;
      if (oldest.calls < 1e-9) this.#queue.shift();
    }
    this.#waiting -= taken;
    return taken;
  }
}
