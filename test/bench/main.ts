/** `npm run bench -- [--json] [--only NAME,…]`: measures everything on this machine in one run. */
import { parseArgs } from 'node:util';
import { startPrivateRedis } from '@millrace/broker';
import { Bench } from './bench.ts';
import { startCluster } from './cluster.ts';
import { withRatios } from './figures.ts';
import { describeMachine } from './machine.ts';
import { compareAuth } from './parts/auth.ts';
import { measureBacklog } from './parts/backlog.ts';
import { compareBatch } from './parts/batch.ts';
import { measureBreaker } from './parts/breaker.ts';
import { compareBrokers } from './parts/broker.ts';
import { compareCache } from './parts/cache.ts';
import { measureDedup } from './parts/dedup.ts';
import { measureAppends } from './parts/events.ts';
import { measureFanout } from './parts/fanout.ts';
import { compareHttp } from './parts/http.ts';
import { compareHybrid } from './parts/hybrid.ts';
import { measureList } from './parts/list.ts';
import { measureNeighbour } from './parts/neighbour.ts';
import { measureOpenMemory } from './parts/open-memory.ts';
import { measureOverload } from './parts/overload.ts';
import { comparePolicies } from './parts/policies.ts';
import { measureSerial } from './parts/serial.ts';
import { compareSession } from './parts/session.ts';
import { measureSpread } from './parts/spread.ts';
import { measureTestCluster } from './parts/test-cluster.ts';
import { compareTracing } from './parts/tracing.ts';
import { compareUpstream } from './parts/upstream.ts';
import { renderTable } from './table.ts';

interface Part {
  /** The subjects that it measures, as `--only` names them. */
  readonly subjects: readonly string[];
  readonly run: (bench: Bench) => Promise<void>;
}

const PARTS: readonly Part[] = [
  { subjects: ['sdk_http', 'millrace_http'], run: compareHttp },
  { subjects: ['job_per_call', 'raw_list', 'raw_list_batched', 'millrace_broker'], run: compareBrokers },
  { subjects: ['serial'], run: measureSerial },
  { subjects: ['spread'], run: measureSpread },
  { subjects: ['backlog', 'scaling_read'], run: measureBacklog },
  { subjects: ['session_cost'], run: compareSession },
  { subjects: ['upstream_gain'], run: compareUpstream },
  { subjects: ['batch_gain'], run: compareBatch },
  { subjects: ['policy_cost'], run: comparePolicies },
  { subjects: ['tracing_cost'], run: compareTracing },
  { subjects: ['auth_cost'], run: compareAuth },
  { subjects: ['cache_hit'], run: compareCache },
  { subjects: ['dedup_executions'], run: measureDedup },
  { subjects: ['overload'], run: measureOverload },
  { subjects: ['neighbour'], run: measureNeighbour },
  { subjects: ['breaker_refused'], run: measureBreaker },
  { subjects: ['hybrid_hit_ratio'], run: compareHybrid },
  { subjects: ['event_append_flatness'], run: measureAppends },
  { subjects: ['listen_stream_kb', 'websocket_kb'], run: measureOpenMemory },
  { subjects: ['fanout'], run: measureFanout },
  { subjects: ['list_p99'], run: measureList },
  { subjects: ['test_cluster'], run: measureTestCluster },
];

const SUBJECTS = PARTS.flatMap(({ subjects }) => subjects);

const { values } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } });
const only = values.only?.split(',') ?? [];
const unknown = only.filter((name) => !SUBJECTS.some((subject) => name.startsWith(subject)));
if (unknown.length > 0) {
  console.error(`--only: no subject is named ${unknown.join(', ')}; there are ${SUBJECTS.join(', ')}`);
  process.exit(2);
}

const redis = await startPrivateRedis();
const bench = new Bench({ redisUrl: redis.url, only });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void abandon());

await compileAhead(bench);
const machine = await describeMachine(redis.url);
for (const { subjects, run } of PARTS) {
  if (!subjects.some((subject) => bench.wants(subject))) continue;
  await bench.attempt(subjects.join(', '), () => run(bench));
  await bench.stage.clear();
}
await redis.stop();

const figures = withRatios(bench.figures);
console.log(renderTable(machine, figures));
for (const [name, failure] of Object.entries(bench.failures)) console.log(`\n${name} FAILED: ${failure}`);
if (values.json) console.log(JSON.stringify({ machine, figures, failures: bench.failures }));
process.exitCode = Object.keys(bench.failures).length > 0 ? 1 : 0;

/** In the image the programs are compiled before they ever start: so they are here. */
async function compileAhead({ stage, redisUrl }: Bench): Promise<void> {
  await startCluster(stage, redisUrl, 'bench-compile');
  await stage.clear();
}

async function abandon(): Promise<never> {
  await bench.stage.close();
  await redis.stop();
  process.exit(130);
}
