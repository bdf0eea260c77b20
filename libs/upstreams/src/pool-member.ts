/** What a pool keeps several of. */
export interface Pooled {
  /** Whether it takes no more calls, because it is ending or has ended. */
  readonly closed: boolean;
  /** Resolves with how it ended, when nothing is left of it. */
  readonly ended: Promise<string>;
  /** What it said last for people, the newest line last. */
  readonly lastWords: readonly string[];
  /** Rejects when it does not answer any more. */
  check(timeoutMs: number): Promise<void>;
  /** Resolves when nothing is left of it. */
  stop(): Promise<void>;
}

/** One process of a pool, and what it has to do. */
export class PoolMember<Connection extends Pooled> {
  readonly connection: Connection;
  readonly startedAt: number;
  /** Whose process it is; absent while anybody may have it. */
  owner: string | undefined;
  running = 0;
  calls = 0;
  /** Whether it has shown that it works. */
  proven = false;
  /** Takes no more calls, and is stopped when it has ended those that it runs. */
  retiring = false;
  idleSince: number;
  checkedAt: number;

  constructor(connection: Connection, now: number) {
    this.connection = connection;
    this.startedAt = now;
    this.idleSince = now;
    this.checkedAt = now;
  }

  takes(concurrency: number): boolean {
    return !this.retiring && !this.connection.closed && this.running < concurrency;
  }
}
