import { wasKilled } from './connection-lost.ts';
import { type Pooled, PoolMember } from './pool-member.ts';
import type { ProcessPoolOptions } from './pool-options.ts';
import { WaitingLine } from './waiting-line.ts';

/** How often idle, old and silent processes are looked for. */
const SWEEP_MS = 500;
/** A process that lived for this long has shown that it works. */
const PROVEN_MS = 5_000;

/**
 * The processes of one upstream. Calls that find none free wait in line; processes are started as long as calls wait
 * and there are fewer than the most. Those that are starting or ending count.
 */
export class ProcessPool<Connection extends Pooled> {
  readonly #options: ProcessPoolOptions<Connection>;
  readonly #now: () => number;
  readonly #members = new Set<PoolMember<Connection>>();
  /** Processes that are on their way in, and out. */
  readonly #starting = new Set<Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  readonly #line = new WaitingLine<PoolMember<Connection>>();
  readonly #sweeper: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ProcessPoolOptions<Connection>) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#sweeper = setInterval(() => this.sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  /** Processes that are there, starting or ending. */
  get size(): number {
    return this.#members.size + this.#starting.size + this.#ending.size;
  }

  get running(): number {
    return [...this.#members].reduce((sum, { running }) => sum + running, 0);
  }

  get waiting(): number {
    return this.#line.size;
  }

  /** Starts as many as are kept at least. */
  warm(): void {
    this.#serve();
  }

  /**
   * Runs one call on a process.
   * @param owner whose process it must be; anybody's unless given
   */
  async use<Result>(
    run: (connection: Connection) => Promise<Result>,
    { signal, owner }: { signal?: AbortSignal | undefined; owner?: string | undefined } = {},
  ): Promise<Result> {
    const member = await this.#take(signal, owner);
    try {
      const result = await run(member.connection);
      this.#prove(member);
      return result;
    } finally {
      this.#giveBack(member, signal?.aborted === true);
    }
  }

  /** Lets a process take no more calls, because nobody can tell any more what it works on. */
  retire(connection: Connection): void {
    for (const member of this.#members) if (member.connection === connection) member.retiring = true;
  }

  /** Stops all, also those that run a call. Resolves when nothing is left of them. */
  async close(): Promise<void> {
    const stopping = new Error('the upstream is being stopped');
    this.#closing.abort(stopping);
    clearInterval(this.#sweeper);
    clearTimeout(this.#retry);
    this.#line.refuse(stopping);
    for (const member of [...this.#members]) this.#end(member);
    while (this.#starting.size + this.#ending.size > 0)
      await Promise.all([...this.#starting, ...this.#ending]);
  }

  /** Stops what is idle or old for too long, and asks those that have been silent. */
  sweep(): void {
    const now = this.#now();
    for (const member of [...this.#members]) {
      if (!member.proven && now - member.startedAt > PROVEN_MS) this.#prove(member);
      if (this.#isWorn(member, now)) member.retiring = true;
      if (member.running > 0) continue;
      if (member.retiring || this.#isIdle(member, now)) this.#end(member);
      else if (now - Math.max(member.checkedAt, member.idleSince) > this.#options.limits.healthMs)
        void this.#check(member);
    }
    this.#serve();
  }

  #take(signal: AbortSignal | undefined, owner: string | undefined): Promise<PoolMember<Connection>> {
    if (this.#closing.signal.aborted) return Promise.reject(this.#closing.signal.reason);
    if (signal?.aborted) return Promise.reject(signal.reason);
    const member = this.#line.join(owner, signal);
    this.#serve();
    return member;
  }

  /** @param suspect whether its last call was cancelled: then it must answer before it gets another one */
  #giveBack(member: PoolMember<Connection>, suspect: boolean): void {
    member.calls += 1;
    member.idleSince = this.#now();
    if (this.#isWorn(member, this.#now())) member.retiring = true;
    // The caller does not wait for the check: the member just stays taken for as long.
    if (suspect && !member.retiring && !member.connection.closed) void this.#check(member, true);
    else this.#release(member);
  }

  #release(member: PoolMember<Connection>): void {
    member.running -= 1;
    if (member.running === 0 && member.retiring) this.#end(member);
    this.#serve();
  }

  async #check(member: PoolMember<Connection>, taken = false): Promise<void> {
    const { limits, log } = this.#options;
    if (!taken) member.running += 1;
    try {
      await member.connection.check(limits.healthTimeoutMs);
      member.checkedAt = this.#now();
    } catch (error) {
      const { lastWords } = member.connection;
      log.warn(
        { error, upstream: limits.name, lastWords },
        'a process of an upstream does not answer and is replaced',
      );
      member.retiring = true;
    }
    this.#release(member);
  }

  /** Gives waiting calls to free processes, and starts what is missing. */
  #serve(): void {
    for (const waiter of this.#line.waiters) {
      const member = this.#free(waiter.owner);
      if (!member) continue;
      this.#line.leave(waiter);
      member.running += 1;
      member.owner ??= waiter.owner;
      waiter.resolve(member);
    }
    this.#grow();
    this.#options.onChange?.();
  }

  #free(owner: string | undefined): PoolMember<Connection> | undefined {
    const { concurrency } = this.#options.limits;
    const members = [...this.#members];
    const own = owner === undefined ? members : members.filter((member) => member.owner === owner);
    const candidates = own.length > 0 ? own : members.filter((member) => member.owner === undefined);
    // Of those with as little to do the one that worked last, so that the others may be stopped.
    return candidates
      .filter((member) => member.takes(concurrency))
      .sort((a, b) => a.running - b.running || b.idleSince - a.idleSince)[0];
  }

  #grow(): void {
    const { limits, restarts } = this.#options;
    for (let missing = this.#missing(); missing > 0; missing -= 1) {
      if (this.#closing.signal.aborted) return;
      if (restarts.open) this.#refuseHopeless();
      if (restarts.waitMs > 0) {
        this.#growLater(restarts.waitMs);
        return;
      }
      if (restarts.failing && this.#starting.size > 0) return;
      if (this.size >= limits.max) {
        this.#refuseOwners();
        return;
      }
      this.#start();
    }
  }

  /** Processes that would be of use at this moment. */
  #missing(): number {
    const { min, concurrency } = this.#options.limits;
    const owners = new Set(this.#line.waiters.flatMap(({ owner }) => (owner === undefined ? [] : [owner])));
    for (const { owner } of this.#members) if (owner !== undefined) owners.delete(owner);
    const shared = this.#line.waiters.filter(({ owner }) => owner === undefined).length;
    const forCalls = owners.size + Math.ceil(shared / concurrency) - this.#starting.size;
    const forRest = min - this.#members.size - this.#starting.size;
    return Math.max(forCalls, forRest, 0);
  }

  /** All processes are kept by others: who has none yet would wait for as long as those please. */
  #refuseOwners(): void {
    const owned = new Set([...this.#members].map(({ owner }) => owner));
    if (this.#starting.size + this.#ending.size > 0) return;
    const { max, idleStopMs } = this.#options.limits;
    const full = new Error(`all ${max} processes are kept by other sessions`);
    this.#line.refuse(
      this.#options.unavailable(full, idleStopMs),
      ({ owner }) => owner !== undefined && !owned.has(owner),
    );
  }

  #growLater(delay: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#serve(), delay);
    this.#retry.unref();
  }

  /** Nothing will be started for a while: who has no process to wait for is told at once. */
  #refuseHopeless(): void {
    const { restarts, unavailable } = this.#options;
    const owners = new Set([...this.#members].map(({ owner }) => owner));
    this.#line.refuse(unavailable(restarts.lastError, restarts.waitMs), ({ owner }) =>
      owner === undefined ? this.#members.size === 0 : !owners.has(owner),
    );
  }

  #start(): void {
    const starting = this.#open().finally(() => {
      this.#starting.delete(starting);
      this.#serve();
    });
    this.#starting.add(starting);
  }

  async #open(): Promise<void> {
    const { open, restarts, judge, limits, log } = this.#options;
    try {
      const member = new PoolMember(await open(this.#closing.signal), this.#now());
      this.#members.add(member);
      void member.connection.ended.then((how) => this.#ended(member, how));
      if (this.#closing.signal.aborted) this.#end(member);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      restarts.failed(error, judge(error));
      log.warn(
        { error, upstream: limits.name, retryMs: restarts.waitMs },
        'an upstream could not be started',
      );
    }
  }

  #end(member: PoolMember<Connection>): void {
    if (!this.#members.delete(member)) return;
    if (member.owner !== undefined) this.#options.onOwnerLost?.(member.owner);
    const ending = member.connection
      .stop()
      .catch((error: unknown) =>
        this.#options.log.error(
          { error, upstream: this.#options.limits.name },
          'a process could not be stopped',
        ),
      )
      .finally(() => {
        this.#ending.delete(ending);
        this.#serve();
      });
    this.#ending.add(ending);
  }

  /** It ended by itself, or somebody killed it. */
  #ended(member: PoolMember<Connection>, how: string): void {
    if (!this.#members.has(member)) return;
    const { log, limits, restarts } = this.#options;
    const { lastWords } = member.connection;
    log.warn({ upstream: limits.name, how, lastWords }, 'a process of an upstream ended by itself');
    this.#options.onLoss?.();
    if (!member.proven) {
      const error = new Error(`it ended soon after its start (${how})`);
      restarts.failed(error, wasKilled(how) ? 'killed' : 'failed');
    }
    this.#end(member);
    this.#serve();
  }

  #prove(member: PoolMember<Connection>): void {
    if (member.proven) return;
    member.proven = true;
    this.#options.restarts.succeeded();
  }

  #isWorn(member: PoolMember<Connection>, now: number): boolean {
    const { recycleAfterCalls, recycleAfterMs } = this.#options.limits;
    if (recycleAfterCalls > 0 && member.calls >= recycleAfterCalls) return true;
    return recycleAfterMs > 0 && now - member.startedAt >= recycleAfterMs;
  }

  #isIdle(member: PoolMember<Connection>, now: number): boolean {
    const { idleStopMs, min } = this.#options.limits;
    if (now - member.idleSince < idleStopMs) return false;
    // A process that somebody owns serves nobody else: it is no reserve.
    return member.owner !== undefined || this.#members.size > min;
  }
}
