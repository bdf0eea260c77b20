/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly meaning: string;
  readonly digits: number;
  readonly bar?: Bar;
}

/** What a figure must reach. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number };

/** All figures in the order of the table. */
export const FIGURES: readonly Figure[] = [
  { name: 'sdk_http_rps', meaning: "the SDK's own HTTP handler, one process", digits: 0 },
  { name: 'millrace_http_rps', meaning: 'front door, Redis and one worker', digits: 0 },
  { name: 'http_ratio', meaning: 'millrace_http over sdk_http', digits: 2, bar: { atLeast: 5 } },
  { name: 'job_per_call_rps', meaning: 'BullMQ with one job per call', digits: 0 },
  { name: 'raw_list_rps', meaning: 'hand-coded Redis list, one push per call', digits: 0 },
  { name: 'raw_list_batched_rps', meaning: 'the same, pushing whole turns of the event loop', digits: 0 },
  { name: 'millrace_broker_rps', meaning: 'our broker without HTTP', digits: 0 },
  {
    name: 'broker_vs_job_ratio',
    meaning: 'millrace_broker over job_per_call',
    digits: 2,
    bar: { atLeast: 8 },
  },
  {
    name: 'broker_vs_list_ratio',
    meaning: 'millrace_broker over raw_list',
    digits: 2,
    bar: { atLeast: 0.7 },
  },
  { name: 'serial_p50_ms', meaning: 'one call at a time over HTTP', digits: 2, bar: { atMost: 3 } },
  { name: 'spread_ratio', meaning: 'busiest over least busy of 4 workers', digits: 2, bar: { atMost: 1.3 } },
  { name: 'spread_of_ideal', meaning: 'their calls/s over the ideal 320', digits: 2, bar: { atLeast: 0.9 } },
  {
    name: 'backlog_slope',
    meaning: 'enqueue behind 100,000 calls over none',
    digits: 2,
    bar: { atMost: 1.2 },
  },
  {
    name: 'scaling_read_p99_ms',
    meaning: 'GET /scaling/<pool> with 100,000 calls waiting',
    digits: 2,
    bar: { atMost: 10 },
  },
  { name: 'stateless_rps', meaning: 'calls that need no session, 100 connections', digits: 0 },
  { name: 'session_rps', meaning: 'the same calls in a session of the 2025 era', digits: 0 },
  { name: 'session_cost', meaning: 'stateless over session', digits: 2, bar: { atMost: 1.5 } },
  { name: 'one_by_one_rps', meaning: 'a tool of 5 ms on 4 slots, 100 connections', digits: 0 },
  { name: 'batched_rps', meaning: 'the same, taking up to 10 calls a run', digits: 0 },
  { name: 'batch_gain', meaning: 'batched over one_by_one', digits: 2, bar: { atLeast: 8 } },
  { name: 'unguarded_rps', meaning: 'calls of a tool without policies, 100 connections', digits: 0 },
  {
    name: 'guarded_rps',
    meaning: 'the same under all policies but the cache, with nothing to do',
    digits: 0,
  },
  { name: 'policy_cost', meaning: 'what the policies take of the rate', digits: 2, bar: { atMost: 0.1 } },
  { name: 'untraced_rps', meaning: 'calls without tracing, 100 connections', digits: 0 },
  { name: 'traced_rps', meaning: 'the same while 1 % of them are traced', digits: 0 },
  { name: 'tracing_cost', meaning: 'what tracing takes of the rate', digits: 2, bar: { atMost: 0.05 } },
  { name: 'anonymous_rps', meaning: 'calls without authentication, 100 connections', digits: 0 },
  { name: 'authenticated_rps', meaning: 'the same calls with an access token', digits: 0 },
  { name: 'auth_cost', meaning: 'what authentication takes of the rate', digits: 2, bar: { atMost: 0.15 } },
  { name: 'discover_rps', meaning: 'server/discover, 100 connections', digits: 0 },
  { name: 'cache_hit_rps', meaning: 'calls answered by the cache of the front door', digits: 0 },
  { name: 'cache_hit_ratio', meaning: 'cache_hit over discover', digits: 2, bar: { atLeast: 0.8 } },
  {
    name: 'dedup_executions',
    meaning: 'runs for 1,000 identical calls over two front doors',
    digits: 0,
    bar: { atMost: 1 },
  },
  {
    name: 'overload_goodput',
    meaning: 'good answers over capacity, at 3 times the load',
    digits: 2,
    bar: { atLeast: 0.9 },
  },
  {
    name: 'overload_p99_of_deadline',
    meaning: 'p99 of the calls that were admitted, over their deadline',
    digits: 2,
    bar: { atMost: 1 },
  },
  {
    name: 'overload_refused_p99_ms',
    meaning: 'until the others are refused',
    digits: 2,
    bar: { atMost: 50 },
  },
  { name: 'neighbour_alone_p99_ms', meaning: 'a quiet tenant alone', digits: 1 },
  { name: 'neighbour_beside_p99_ms', meaning: 'beside a tenant with 50 times its calls', digits: 1 },
  {
    name: 'neighbour_p99_ratio',
    meaning: 'neighbour_beside over neighbour_alone',
    digits: 2,
    bar: { atMost: 2 },
  },
  {
    name: 'breaker_refused_p99_ms',
    meaning: 'until a call is refused whose breaker is open',
    digits: 2,
    bar: { atMost: 5 },
  },
  {
    name: 'mcp_proxy_rps',
    meaning: 'a server that does one call of 20 ms at a time, behind mcp-proxy',
    digits: 0,
  },
  { name: 'hosted_rps', meaning: 'the same server in a pool of 4', digits: 0 },
  { name: 'upstream_gain', meaning: 'hosted over mcp_proxy', digits: 2, bar: { atLeast: 3 } },
  { name: 'hybrid_hit_us', meaning: 'a read of the hybrid store that memory has, µs', digits: 2 },
  { name: 'postgres_read_us', meaning: 'the same read of its Postgres, µs', digits: 0 },
  { name: 'hybrid_hit_ratio', meaning: 'hybrid_hit over postgres_read', digits: 4, bar: { atMost: 0.02 } },
  {
    name: 'event_append_flatness_redis',
    meaning: 'an append behind 1,000,000 events over one behind 1,000',
    digits: 2,
    bar: { atMost: 1.2 },
  },
  {
    name: 'event_append_flatness_postgres',
    meaning: 'the same on Postgres',
    digits: 2,
    bar: { atMost: 1.2 },
  },
  { name: 'listen_stream_kb', meaning: 'memory of an open listen stream', digits: 1, bar: { atMost: 25 } },
  {
    name: 'websocket_kb',
    meaning: 'memory of an open WebSocket with a session',
    digits: 1,
    bar: { atMost: 25 },
  },
  {
    name: 'fanout_ms',
    meaning: 'from a change until 2,000 clients know',
    digits: 0,
    bar: { atMost: 1_000 },
  },
  {
    name: 'list_p99_ms',
    meaning: 'tools/list of 1,000 tools, one at a time',
    digits: 2,
    bar: { atMost: 10 },
  },
  {
    name: 'list_p99_at_10_ms',
    meaning: 'the same over 10 connections at once',
    digits: 2,
    bar: { atMost: 10 },
  },
  {
    name: 'test_cluster_ms',
    meaning: 'until 2 front doors, 2 workers and a Redis of a test serve',
    digits: 0,
    bar: { atMost: 2_000 },
  },
  { name: 'front_door_rss_mb', meaning: 'peak under the HTTP load', digits: 0, bar: { atMost: 150 } },
  { name: 'worker_rss_mb', meaning: 'peak under the HTTP load', digits: 0, bar: { atMost: 150 } },
];

const RATIOS: readonly (readonly [ratio: string, over: string, under: string])[] = [
  ['http_ratio', 'millrace_http_rps', 'sdk_http_rps'],
  ['broker_vs_job_ratio', 'millrace_broker_rps', 'job_per_call_rps'],
  ['broker_vs_list_ratio', 'millrace_broker_rps', 'raw_list_rps'],
  ['hybrid_hit_ratio', 'hybrid_hit_us', 'postgres_read_us'],
  ['session_cost', 'stateless_rps', 'session_rps'],
  ['upstream_gain', 'hosted_rps', 'mcp_proxy_rps'],
  ['cache_hit_ratio', 'cache_hit_rps', 'discover_rps'],
  ['batch_gain', 'batched_rps', 'one_by_one_rps'],
  ['neighbour_p99_ratio', 'neighbour_beside_p99_ms', 'neighbour_alone_p99_ms'],
];

/** The figures together with the ratios of those that were measured. */
export function withRatios(figures: Readonly<Record<string, number>>): Record<string, number> {
  const all: Record<string, number> = { ...figures };
  for (const [ratio, over, under] of RATIOS) {
    const [a, b] = [figures[over], figures[under]];
    if (a !== undefined && b !== undefined) all[ratio] = a / b;
  }
  return all;
}

export function reaches(bar: Bar, value: number): boolean {
  return 'atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost;
}
