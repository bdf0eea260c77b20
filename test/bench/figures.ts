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
  { name: 'raw_list_rps', meaning: 'hand-coded Redis list', digits: 0 },
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
  { name: 'stateless_rps', meaning: 'calls that need no session, 100 connections', digits: 0 },
  { name: 'session_rps', meaning: 'the same calls in a session of the 2025 era', digits: 0 },
  { name: 'session_cost', meaning: 'stateless over session', digits: 2, bar: { atMost: 1.5 } },
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
  { name: 'front_door_rss_mb', meaning: 'peak under the HTTP load', digits: 0, bar: { atMost: 150 } },
  { name: 'worker_rss_mb', meaning: 'peak under the HTTP load', digits: 0, bar: { atMost: 150 } },
];

const RATIOS: readonly (readonly [ratio: string, over: string, under: string])[] = [
  ['http_ratio', 'millrace_http_rps', 'sdk_http_rps'],
  ['broker_vs_job_ratio', 'millrace_broker_rps', 'job_per_call_rps'],
  ['broker_vs_list_ratio', 'millrace_broker_rps', 'raw_list_rps'],
  ['session_cost', 'stateless_rps', 'session_rps'],
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
