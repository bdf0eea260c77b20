/** How long a farewell is remembered, in milliseconds. */
const FAREWELL_MS = 10_000;

const FAREWELL = 'left ';

/** What a worker tells when it takes its leave. */
export function farewellOf(worker: string): string {
  return FAREWELL + worker;
}

/** Tells workers that took their leave from those that fell silent. All times are milliseconds since the epoch. */
export class Departures {
  readonly #graceMs: number;
  #present: ReadonlySet<string> = new Set();
  /** When workers took their leave. */
  readonly #told = new Map<string, number>();
  /** Since when workers are gone who said nothing. */
  readonly #missing = new Map<string, number>();

  /** @param graceMs how long a worker that is gone may take to come back, or its farewell to arrive */
  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Takes what a worker tells all; that it serves something else from now on does not matter here. */
  hear(message: string, now: number): void {
    if (!message.startsWith(FAREWELL)) return;
    const worker = message.slice(FAREWELL.length);
    this.#told.set(worker, now);
    this.#missing.delete(worker);
  }

  /** @param workers the live ones */
  see(workers: readonly string[], now: number): void {
    const present = new Set(workers);
    for (const id of this.#present)
      if (!present.has(id) && !this.#hasTold(id, now)) this.#missing.set(id, now);
    for (const id of present) this.#missing.delete(id);
    for (const [id, at] of this.#told) if (now - at > FAREWELL_MS) this.#told.delete(id);
    this.#present = present;
  }

  /** @returns the workers that count as lost since the last time */
  takeLost(now: number): readonly string[] {
    const lost = [...this.#missing].filter(([, since]) => now - since >= this.#graceMs).map(([id]) => id);
    for (const id of lost) this.#missing.delete(id);
    return lost;
  }

  #hasTold(id: string, now: number): boolean {
    const at = this.#told.get(id);
    return at !== undefined && now - at <= FAREWELL_MS;
  }
}
