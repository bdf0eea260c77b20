import type { Fleet } from './fleet.ts';
import type { WorkerRecord } from './worker-record.ts';

type Known = Pick<Fleet, 'workers' | 'offers'>;

/**
 * Bridges the moment after Redis came back empty. An offer outlives its workers by minutes, so one that is gone was not
 * given up but lost: until its workers have had the time to tell it again, it and they count as if they were there.
 */
export class FleetMemory {
  readonly #graceMs: number;
  #known: Known = { workers: [], offers: [] };
  /** Since when offers are gone, in milliseconds since the epoch. */
  #lostSince = new Map<string, number>();

  /** @param graceMs how long workers may take to tell their offers again */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** @returns the fleet as Redis knows it, with what it lost a moment ago */
  complete<T extends Known>(fleet: T, now: number): T {
    const lost = this.#lostOffers(fleet.offers, now);
    const workers = lost.length === 0 ? fleet.workers : [...fleet.workers, ...this.#lostWorkers(fleet, lost)];
    const whole = { ...fleet, offers: [...lost, ...fleet.offers], workers: workers.toSorted(byId) };
    this.#known = whole;
    return whole;
  }

  #lostOffers(offers: readonly string[], now: number): readonly string[] {
    const gone = this.#known.offers.filter((hash) => !offers.includes(hash));
    this.#lostSince = new Map(gone.map((hash) => [hash, this.#lostSince.get(hash) ?? now]));
    return gone.filter((hash) => now - (this.#lostSince.get(hash) ?? now) < this.#graceMs);
  }

  #lostWorkers(fleet: Known, lost: readonly string[]): readonly WorkerRecord[] {
    const told = new Set(fleet.workers.map(({ id }) => id));
    return this.#known.workers.filter(({ id, offer }) => lost.includes(offer) && !told.has(id));
  }
}

function byId(a: WorkerRecord, b: WorkerRecord): number {
  return a.id < b.id ? -1 : 1;
}
