import type { Redis } from 'ioredis';
import type { Keys } from './keys.ts';

/** The name of the only field of an entry. */
const FIELD = 'line';

/** Entries that are read by one command. */
const PAGE = 1_000;

/** A line as it goes into the stream; what else it says is for those who make and check it. */
interface Line {
  readonly chain: string;
  readonly seq: number;
  readonly hash: string;
}

/** The audit log in Redis: a stream to which lines are only ever added, and the end of each chain beside it. */
export class AuditStream {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Rejects when a line may not have been written. */
  async append(lines: readonly Line[]): Promise<void> {
    const pipeline = this.#redis.pipeline();
    const heads: Record<string, string> = {};
    for (const line of lines) {
      pipeline.xadd(this.#keys.audit, '*', FIELD, JSON.stringify(line));
      heads[line.chain] = JSON.stringify({ seq: line.seq, hash: line.hash });
    }
    pipeline.hset(this.#keys.auditHeads, heads);
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }

  /** JSON of all lines after an entry, the oldest first, with the ids of their entries. */
  async *lines(after = '-'): AsyncGenerator<readonly [id: string, line: string]> {
    let from = after === '-' ? '-' : `(${after}`;
    for (;;) {
      const entries = await this.#redis.xrange(this.#keys.audit, from, '+', 'COUNT', PAGE);
      for (const [id, fields] of entries) yield [id, fields[1] ?? ''];
      const last = entries.at(-1);
      if (!last || entries.length < PAGE) return;
      from = `(${last[0]}`;
    }
  }

  /** JSON of the newest lines, the oldest of them first. */
  async newest(count: number): Promise<readonly (readonly [id: string, line: string])[]> {
    const entries = await this.#redis.xrevrange(this.#keys.audit, '+', '-', 'COUNT', count);
    return entries.reverse().map(([id, fields]) => [id, fields[1] ?? ''] as const);
  }

  /** JSON of the end of each chain, by its name. */
  async heads(): Promise<Readonly<Record<string, string>>> {
    return this.#redis.hgetall(this.#keys.auditHeads);
  }
}
