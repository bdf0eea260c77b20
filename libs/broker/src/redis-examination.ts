import { connectFailFast, disconnect, whenReady } from './redis.ts';
import type { RedisSource } from './redis-source.ts';

/** What somebody who looks for faults wants to know of a Redis. Times in milliseconds. */
export interface RedisFindings {
  readonly server: 'redis' | 'valkey';
  readonly version: string;
  /** What it does when its memory is full, such as `noeviction`; absent where it does not tell. */
  readonly maxmemoryPolicy?: string;
  readonly usedMemory: number;
  /** 0: no limit. */
  readonly maxMemory: number;
  /** Median of some round trips. */
  readonly roundTripMs: number;
  /** How far its clock is ahead of ours; half a round trip is uncertain. */
  readonly clockAheadMs: number;
}

const ROUND_TRIPS = 20;

/** Examines a Redis. Rejects when it does not answer. @param now the clock of this process, in epoch milliseconds */
export async function examineRedis(
  source: RedisSource,
  now: () => number = Date.now,
): Promise<RedisFindings> {
  const redis = connectFailFast(source, 'examination');
  try {
    await whenReady(redis);
    const trips: number[] = [];
    for (let trip = 0; trip < ROUND_TRIPS; trip += 1) {
      const since = performance.now();
      await redis.ping();
      trips.push(performance.now() - since);
    }
    const asked = now();
    const [seconds, micros] = await redis.time();
    const clockAheadMs = Number(seconds) * 1_000 + Number(micros) / 1_000 - (asked + now()) / 2;
    const info = await redis.info();
    const policy = textIn(info, 'maxmemory_policy');
    return {
      server: textIn(info, 'server_name') === 'valkey' ? 'valkey' : 'redis',
      version: textIn(info, 'valkey_version') ?? textIn(info, 'redis_version') ?? 'unknown',
      ...(policy !== undefined && { maxmemoryPolicy: policy }),
      usedMemory: Number(textIn(info, 'used_memory') ?? 0),
      maxMemory: Number(textIn(info, 'maxmemory') ?? 0),
      roundTripMs: trips.sort((a, b) => a - b)[ROUND_TRIPS / 2] ?? 0,
      clockAheadMs,
    };
  } finally {
    disconnect(redis);
  }
}

function textIn(info: string, field: string): string | undefined {
  return new RegExp(`^${field}:([^\\r\\n]*)`, 'm').exec(info)?.[1];
}
