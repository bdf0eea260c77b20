import type { Bench } from '../bench.ts';
import { BenchProcess } from '../bench-process.ts';
import { startCluster } from '../cluster.ts';
import { GOOD, type OpenLoad } from '../open-load.ts';
import type { Seen, SeenByLabel } from '../open-loop.ts';
import { SHARED_POOL } from '../plugin.ts';
import { tenantKey, WITH_API_KEYS } from '../tenant-key.ts';

const PREFIX = 'bench-neighbour';
const WORKERS = 2;
/** 800 calls of 20 ms a second: less than the busy tenant wants alone. */
const SLOTS = 8;
const QUIET_PER_SECOND = 20;
const TIMES = 50;
const WARM_UP_MS = 3_000;
const WINDOW_MS = 10_000;

/** How long a quiet tenant waits beside one that wants more than all workers can do. */
export async function measureNeighbour(bench: Bench): Promise<void> {
  const { stage, redisUrl } = bench;
  const settings = { MILLRACE_POOLS: SHARED_POOL, MILLRACE_SLOTS: String(SLOTS) };
  const { frontDoor } = await startCluster(
    stage,
    redisUrl,
    PREFIX,
    { count: WORKERS, settings },
    { ...WITH_API_KEYS, MILLRACE_CALL_TIMEOUT_MS: '2000' },
  );
  const loadOf = async (tenant: string, perSecond: number, connections: number) => {
    const headers = await tenantKey(redisUrl, PREFIX, tenant);
    const generator = await stage.enter(() => BenchProcess.start<OpenLoad, SeenByLabel>('open-load.ts'));
    const timing = { perSecond, warmUpMs: WARM_UP_MS, windowMs: WINDOW_MS };
    return () => generator.ask({ port: frontDoor.httpPort, tool: 'doze', connections, headers, ...timing });
  };
  const quiet = await loadOf('quiet', QUIET_PER_SECOND, 100);
  const busy = await loadOf('busy', TIMES * QUIET_PER_SECOND, 3_000);
  const alone = all(await quiet());
  const [beside] = await Promise.all([quiet().then(all), busy().then((seen) => tell(bench, seen))]);
  bench.progress(`neighbour: p50 ${alone.p50.toFixed(1)} ms alone, ${beside.p50.toFixed(1)} ms beside`);
  bench.report('neighbour_alone_p99_ms', alone.p99);
  bench.report('neighbour_beside_p99_ms', beside.p99);
}

/** @throws when a single call of the quiet tenant had no result */
function all({ [GOOD]: good, ...others }: SeenByLabel): Seen {
  if (!good || Object.keys(others).length > 0) throw new Error(`not all was good: ${JSON.stringify(others)}`);
  return good;
}

function tell(bench: Bench, seen: SeenByLabel): void {
  const counts = Object.entries(seen).map(([label, { count }]) => `${count} ${label}`);
  bench.progress(`neighbour: of the busy tenant's calls were ${counts.join(', ')}`);
}
