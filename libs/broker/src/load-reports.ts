import type { Clock, Logger, Service } from '@millrace/service';
import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';
import { LoadExchange, type SharedLoad, SLICE_MS } from './load-exchange.ts';
import type { PoolGate } from './pool-gate.ts';

/** Often enough that each slice of time has its report. */
const INTERVAL_MS = SLICE_MS / 2;

export interface LoadReportsOptions {
  readonly redis: Redis;
  readonly keys: Keys;
  /** The gates of this front door by their pools. */
  readonly gates: () => Iterable<readonly [pool: string, gate: PoolGate]>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Exchanges that go on when a gate is no longer in use, for the next call. */
const MAX_IDLE = 8;

/** The exchange of one pool; at most one is under way. */
interface Line {
  readonly exchange: LoadExchange;
  asking: boolean;
  /** Exchanges since the gate was last in use. */
  idle: number;
  /** The slice of this clock in which the gate was last told something, from here or from Redis. */
  told: number;
}

/** Keeps the gates of one front door in the picture of what all front doors do; without Redis, of what it does itself. */
export class LoadReports implements Service {
  readonly #options: LoadReportsOptions;
  readonly #lines = new Map<string, Line>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadReportsOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    for (const [pool, gate] of this.#options.gates()) {
      const line = this.#lines.get(pool);
      if (gate.inUse) void this.#tell(gate, line ?? this.#open(pool));
      else if (line) this.#idle(pool, gate, line);
    }
  }

  #open(pool: string): Line {
    const { redis, keys } = this.#options;
    const line = { exchange: new LoadExchange(redis, keys, pool), asking: false, idle: 0, told: 0 };
    this.#lines.set(pool, line);
    return line;
  }

  /** What the others do is not looked at for long without a reason; what was seen of it is soon wrong. */
  #idle(pool: string, gate: PoolGate, line: Line): void {
    line.idle += 1;
    if (line.idle <= MAX_IDLE) void this.#exchange(gate, line);
    else {
      this.#lines.delete(pool);
      gate.see(undefined);
    }
  }

  #tell(gate: PoolGate, line: Line): Promise<void> {
    line.idle = 0;
    return this.#exchange(gate, line);
  }

  async #exchange(gate: PoolGate, line: Line): Promise<void> {
    if (line.asking || this.#options.redis.status !== 'ready') return this.#tellAlone(gate, line);
    line.asking = true;
    try {
      const report = gate.report();
      const { reported, ...load } = await line.exchange.exchange(report);
      if (reported) gate.reported();
      line.told = this.#slice();
      gate.see(load);
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the load of a pool was not exchanged');
    } finally {
      line.asking = false;
    }
  }

  /** While Redis does not answer, the own calls are all that is known. */
  #tellAlone(gate: PoolGate, line: Line): void {
    const slice = this.#slice();
    if (line.told === slice) return;
    line.told = slice;
    const { least, done, waiting } = gate.report();
    const load: SharedLoad = {
      slice,
      others: 0,
      least,
      done,
      waitingDoors: waiting ? 1 : 0,
      severalTenants: false,
    };
    gate.reported();
    gate.see(load);
  }

  #slice(): number {
    return Math.floor(this.#options.clock.now() / SLICE_MS);
  }
}
