import { HybridStateStore, type Invalidations, PostgresStateStore } from '@millrace/state';
import { alternate } from '../alternate.ts';
import type { Bench } from '../bench.ts';
import { startDatabase } from '../bench-database.ts';

const VALUE = JSON.stringify({ cart: Array.from({ length: 20 }, (_, n) => ({ article: n, count: 1 })) });
const KEY = 'acme:context:cart';
const HOUR_MS = 3_600_000;

/** Nobody else is there who could change anything. */
const ALONE: Invalidations = { hears: true, tell: async () => {}, onInvalid: () => {} };

/** What a hit of the hybrid store takes, beside a read of the Postgres behind it. */
export async function compareHybrid(bench: Bench): Promise<void> {
  const store = new PostgresStateStore({ database: await startDatabase(bench) });
  let hits = 0;
  const hybrid = new HybridStateStore({
    store,
    invalidations: ALONE,
    memoryMs: HOUR_MS,
    onRead: (hit) => {
      hits += Number(hit);
    },
  });
  await hybrid.set(KEY, VALUE, HOUR_MS);
  await hybrid.get(KEY);
  const [hit = Number.NaN, read = Number.NaN] = await alternate([
    { run: () => hybrid.get(KEY), times: 200_000 },
    { run: () => store.get(KEY), times: 2_000 },
  ]);
  if (hits !== 8 * 200_000) throw new Error(`only ${hits} reads came from memory`);
  bench.progress(`hybrid: a hit ${hit.toFixed(2)} µs, a read of Postgres ${read.toFixed(0)} µs`);
  bench.report('hybrid_hit_us', hit);
  bench.report('postgres_read_us', read);
}
