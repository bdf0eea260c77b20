import { randomUUID } from 'node:crypto';
import type { Keys } from './keys.ts';
import type { PolicyLink } from './policy-link.ts';
import { Script } from './script.ts';

const reportScript = new Script('breaker-report');
const probeScript = new Script('breaker-probe');
const statesScript = new Script('breaker-states');

/** How long what is known of a breaker outlives its last change, in milliseconds. */
const MEMORY_MS = 3_600_000;

/** How a breaker stands that is not simply closed. */
export interface BreakerStanding {
  readonly status: 'closed' | 'open' | 'half-open';
  /** Whether failures were counted, be it in another process. */
  readonly suspected: boolean;
  /** When somebody may probe; in milliseconds since the epoch, by the clock of this process. */
  readonly freeAt: number;
}

/** When a breaker opens and closes. */
export interface BreakerRules {
  readonly failures: number;
  readonly recoveryMs: number;
  readonly successes: number;
}

/** How a try went; `tripped`: one process has seen enough for all. */
export type BreakerReport = 'good' | 'bad' | 'neither' | 'tripped';

export type ProbeReply =
  | { readonly kind: 'granted'; readonly token: string }
  | { readonly kind: 'closed' }
  | { readonly kind: 'refused'; readonly waitMs: number };

/** A change of a breaker, as it is told. */
interface BreakerEvent {
  readonly name: string;
  readonly status: BreakerStanding['status'];
  readonly suspected: boolean;
  readonly freeInMs: number;
}

/** A breaker that has come to another state. */
export interface BreakerChange {
  readonly name: string;
  readonly status: BreakerStanding['status'];
}

/**
 * How the breakers of the fleet stand, as this process knows it: told at each change, and read again whenever something
 * may have been missed. To look is to look into memory; Redis decides, in one script, whenever a breaker moves.
 */
export class BreakerBoard {
  readonly #link: PolicyLink;
  readonly #keys: Keys;
  readonly #standings = new Map<string, BreakerStanding>();
  readonly #listeners: ((change: BreakerChange) => void)[] = [];

  /** @param link is not started yet */
  constructor(link: PolicyLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
    link.hear(keys.breakerChanges, (message) => this.#note(JSON.parse(message) as BreakerEvent));
    link.onResumed(() => this.#read());
  }

  /** Undefined for a breaker that is closed and of which nobody knows anything bad. */
  standing(name: string): BreakerStanding | undefined {
    return this.#standings.get(name);
  }

  onChange(listener: (change: BreakerChange) => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Resolves when the fleet was told, and rejects when it could not be.
   *
   * @param token of the probe that the try was
   */
  async report(name: string, rules: BreakerRules, report: BreakerReport, token = ''): Promise<void> {
    const { failures, recoveryMs, successes } = rules;
    const { breakers, breakerChanges } = this.#keys;
    const told = await this.#link.run(
      reportScript,
      [breakers],
      [name, report, token, failures, recoveryMs, successes, breakerChanges, MEMORY_MS],
    );
    // Who makes a change knows of it at once; by the channel it comes a moment later, once more.
    if (typeof told === 'string') this.#note(JSON.parse(told) as BreakerEvent);
  }

  /**
   * Asks for the leave to be the one prober of the fleet. Rejects when Redis cannot be asked.
   *
   * @param forMs after which another one may probe, should this one never be heard of again
   */
  async askProbe(name: string, forMs: number): Promise<ProbeReply> {
    const { breakers, breakerChanges } = this.#keys;
    const token = randomUUID();
    const answer = await this.#link.run(
      probeScript,
      [breakers],
      [name, token, Math.ceil(forMs), breakerChanges, MEMORY_MS],
    );
    const [kind, waitMs] = answer as ['granted' | 'closed' | 'refused', number];
    if (kind === 'granted') return { kind, token };
    if (kind === 'refused') return { kind, waitMs };
    // It was closed, or forgotten with all else that Redis lost.
    this.#note({ name, status: 'closed', suspected: false, freeInMs: 0 });
    return { kind };
  }

  async #read(): Promise<void> {
    const events = (await this.#link.run(statesScript, [this.#keys.breakers], [])) as string[];
    const known = events.map((event) => JSON.parse(event) as BreakerEvent);
    const names = new Set(known.map(({ name }) => name));
    for (const name of [...this.#standings.keys()].filter((name) => !names.has(name))) {
      this.#note({ name, status: 'closed', suspected: false, freeInMs: 0 });
    }
    for (const event of known) this.#note(event);
  }

  #note({ name, status, suspected, freeInMs }: BreakerEvent): void {
    const before = this.#standings.get(name)?.status ?? 'closed';
    const standing: BreakerStanding = { status, suspected, freeAt: Date.now() + freeInMs };
    if (status === 'closed' && !suspected) this.#standings.delete(name);
    else this.#standings.set(name, standing);
    if (status !== before) for (const listener of this.#listeners) listener({ name, status });
  }
}
