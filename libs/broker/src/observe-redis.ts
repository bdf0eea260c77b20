import type { Metrics } from '@millrace/service';
import type { RedisProbe } from './redis-probe.ts';

type RedisFigures = Pick<Metrics, 'redisUp' | 'redisRoundTrip' | 'redisMemory' | 'redisMemoryMax'>;

/** Brings the figures of Redis up to date; of one that is away the last ones stand, and that it is away. */
export async function observeRedis(
  probe: Pick<RedisProbe, 'condition'>,
  { redisUp, redisRoundTrip, redisMemory, redisMemoryMax }: RedisFigures,
): Promise<void> {
  try {
    const { roundTripMs, memory } = await probe.condition();
    redisUp.set(1);
    redisRoundTrip.set(roundTripMs / 1000);
    if (!memory) return;
    redisMemory.set(memory.used);
    redisMemoryMax.set(memory.max);
  } catch {
    // Whatever keeps it from answering, that is the figure; the connection has logged why.
    redisUp.set(0);
  }
}
