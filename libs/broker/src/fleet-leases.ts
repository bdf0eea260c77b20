import { randomUUID } from 'node:crypto';
import type { Service } from '@millrace/service';
import type { Keys } from './keys.ts';
import type { PolicyLink } from './policy-link.ts';
import { Script } from './script.ts';

const takeScript = new Script('lease-take');
const renewScript = new Script('lease-renew');

/** How long the leases of a worker that died stay taken, in milliseconds. */
const LEASE_MS = 5_000;

/** How often leases are renewed, in milliseconds. */
const RENEW_MS = 1_500;

/** How often who waits looks by itself: leases that expire tell nobody. */
const LOOK_MS = 500;

/** One of a bounded number of runs of a tool in the fleet. */
export interface Lease {
  readonly release: () => void;
}

/** Somebody who waits for a lease. */
export interface LeaseWait {
  /** Undefined when it was given up. Rejects when Redis cannot be asked. */
  readonly taken: Promise<Lease | undefined>;
  readonly giveUp: () => void;
}

/** Those of this worker that wait for leases of one tool. Only the first of them asks Redis. */
interface Line {
  readonly waiting: Waiter[];
  asking: boolean;
  again: boolean;
}

interface Waiter {
  readonly limit: number;
  readonly taken: PromiseWithResolvers<Lease | undefined>;
}

/** Bounds how many runs of a tool there are in the whole fleet. What a dead worker held comes back by itself. */
export class FleetLeases implements Service {
  readonly #link: PolicyLink;
  readonly #keys: Keys;
  readonly #lines = new Map<string, Line>();
  /** Leases that are held, by tool. */
  readonly #held = new Map<string, Set<string>>();
  #timers: NodeJS.Timeout[] = [];

  /** @param link is not started yet */
  constructor(link: PolicyLink, keys: Keys) {
    this.#link = link;
    this.#keys = keys;
    link.hear(keys.leasesFreed, (tool) => void this.#serve(tool));
  }

  async start(): Promise<void> {
    this.#timers = [setInterval(() => this.#renewAll(), RENEW_MS), setInterval(() => this.#look(), LOOK_MS)];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Takes a lease of the tool, or stands in line for one. */
  take(tool: string, limit: number): LeaseWait {
    const waiter: Waiter = { limit, taken: Promise.withResolvers() };
    const line = this.#line(tool);
    line.waiting.push(waiter);
    if (line.waiting.length === 1) void this.#serve(tool);
    return { taken: waiter.taken.promise, giveUp: () => this.#giveUp(line, waiter) };
  }

  #line(tool: string): Line {
    const line = this.#lines.get(tool) ?? { waiting: [], asking: false, again: false };
    this.#lines.set(tool, line);
    return line;
  }

  #giveUp(line: Line, waiter: Waiter): void {
    const at = line.waiting.indexOf(waiter);
    if (at >= 0) line.waiting.splice(at, 1);
    waiter.taken.resolve(undefined);
  }

  /** Takes leases for those in line until there are none; one question at a time. */
  async #serve(tool: string): Promise<void> {
    const line = this.#lines.get(tool);
    if (!line) return;
    line.again = true;
    if (line.asking) return;
    line.asking = true;
    while (line.again && line.waiting.length > 0) {
      line.again = false;
      while (await this.#serveFirst(tool, line));
    }
    line.asking = false;
  }

  /** @returns whether the next one in line may ask, too */
  async #serveFirst(tool: string, line: Line): Promise<boolean> {
    const [first] = line.waiting;
    if (!first) return false;
    const id = randomUUID();
    try {
      const taken = await this.#link.run(takeScript, [this.#keys.leases(tool)], [id, first.limit, LEASE_MS]);
      if (taken === 0) return false;
    } catch (error) {
      for (const { taken } of line.waiting.splice(0)) taken.reject(error);
      return false;
    }
    const lease = this.#hold(tool, id);
    if (line.waiting[0] === first) line.waiting.shift();
    // Who gave up while it was asked for has no use for it.
    else lease.release();
    first.taken.resolve(lease);
    return true;
  }

  #hold(tool: string, id: string): Lease {
    const held = this.#held.get(tool) ?? new Set();
    this.#held.set(tool, held.add(id));
    return { release: () => this.#release(tool, held, id) };
  }

  #release(tool: string, held: Set<string>, id: string): void {
    if (!held.delete(id)) return;
    const freed = this.#link.ask((redis) =>
      redis.pipeline().zrem(this.#keys.leases(tool), id).publish(this.#keys.leasesFreed, tool).exec(),
    );
    freed.catch((error: Error) => this.#link.logger.warn({ err: error, tool }, 'a lease is left to expire'));
  }

  #renewAll(): void {
    for (const [tool, held] of this.#held) {
      if (held.size === 0) continue;
      this.#link.run(renewScript, [this.#keys.leases(tool)], [LEASE_MS, ...held]).catch((error: Error) => {
        this.#link.logger.warn({ err: error, tool }, 'leases were not renewed');
      });
    }
  }

  #look(): void {
    for (const [tool, line] of this.#lines) if (line.waiting.length > 0) void this.#serve(tool);
  }
}
