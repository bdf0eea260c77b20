import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AdminAnswer } from './admin-server.ts';

interface Instrument {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** By the rules of Prometheus: base units, `_total` for counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Upper bounds; in seconds for durations. */
  readonly buckets?: readonly number[];
}

const DURATION = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60] as const;
const WAIT = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60] as const;
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128] as const;

/**
 * Every instrument of Millrace, with the only names that it may have: documentation, alerts and dashboards are
 * compared with this table. Labels have few values: tools and pools of the catalogue, never names that a client made up.
 */
export const METRICS = {
  toolDuration: {
    type: 'histogram',
    name: 'mcp_tool_execution_duration_seconds',
    help: 'Run time of a tool in the worker, retries included.',
    labels: ['tool', 'status'],
    buckets: DURATION,
  },
  toolExecutions: {
    type: 'counter',
    name: 'mcp_tool_executions_total',
    help: 'Tools that were run, by how they ended.',
    labels: ['tool', 'status'],
  },
  activeConnections: {
    type: 'gauge',
    name: 'mcp_active_connections',
    help: 'Connections that are open at a front door.',
    labels: ['transport'],
  },
  requestDuration: {
    type: 'histogram',
    name: 'mcp_server_operation_duration_seconds',
    help: 'From the request to its answer at a front door.',
    labels: ['method', 'status'],
    buckets: DURATION,
  },
  queueWait: {
    type: 'histogram',
    name: 'millrace_queue_wait_seconds',
    help: 'From the queue to a slot of a worker.',
    labels: ['pool'],
    buckets: WAIT,
  },
  batchSize: {
    type: 'histogram',
    name: 'millrace_batch_calls',
    help: 'Calls that left together as one job.',
    labels: ['pool'],
    buckets: SIZES,
  },
  slotsUsed: {
    type: 'gauge',
    name: 'millrace_slots_used',
    help: 'Slots of a worker that run a call.',
  },
  slots: {
    type: 'gauge',
    name: 'millrace_slots',
    help: 'Slots that a worker has.',
  },
  refused: {
    type: 'counter',
    name: 'millrace_refused_total',
    help: 'Calls that were refused before they ran, by reason (the name of the error).',
    labels: ['reason'],
  },
  expired: {
    type: 'counter',
    name: 'millrace_expired_total',
    help: 'Calls that a worker dropped because their deadline had passed.',
    labels: ['pool'],
  },
  retries: {
    type: 'counter',
    name: 'millrace_retries_total',
    help: 'Further tries of calls, by what became of the wish for one.',
    labels: ['tool', 'outcome'],
  },
  fallbacks: {
    type: 'counter',
    name: 'millrace_fallbacks_total',
    help: 'Answers that a fallback gave.',
    labels: ['tool', 'kind'],
  },
  breakerState: {
    type: 'gauge',
    name: 'millrace_breaker_state',
    help: 'State of a breaker: 0 closed, 1 half-open, 2 open.',
    labels: ['breaker'],
  },
  breakerChanges: {
    type: 'counter',
    name: 'millrace_breaker_changes_total',
    help: 'Changes of a breaker, by the state it came to.',
    labels: ['breaker', 'state'],
  },
  bulkheadWaiting: {
    type: 'gauge',
    name: 'millrace_bulkhead_waiting',
    help: 'Calls that wait for the concurrency limit of their tool.',
    labels: ['tool'],
  },
  cacheReads: {
    type: 'counter',
    name: 'millrace_cache_reads_total',
    help: 'Reads of the cache, by level (l1, l2) and outcome (hit, miss, stale).',
    labels: ['level', 'outcome'],
  },
  cacheBytes: {
    type: 'gauge',
    name: 'millrace_cache_bytes',
    help: 'Bytes in the memory of this process that cached results take.',
  },
  dedupFollowers: {
    type: 'counter',
    name: 'millrace_dedup_followers_total',
    help: 'Calls that were answered by an identical one in flight.',
    labels: ['tool'],
  },
  idempotencyReplays: {
    type: 'counter',
    name: 'millrace_idempotency_replays_total',
    help: 'Calls that were answered with the result of their idempotency key.',
    labels: ['tool'],
  },
  toolBatchSize: {
    type: 'histogram',
    name: 'millrace_tool_batch_items',
    help: 'Calls that one run of a batch tool answered.',
    labels: ['tool'],
    buckets: SIZES,
  },
  poolSize: {
    type: 'gauge',
    name: 'millrace_resource_pool_size',
    help: 'Resources of a pool, by state (idle, borrowed).',
    labels: ['resource_pool', 'state'],
  },
  poolWaiting: {
    type: 'gauge',
    name: 'millrace_resource_pool_waiting',
    help: 'Borrowers that wait for a resource.',
    labels: ['resource_pool'],
  },
} as const satisfies Record<string, Instrument>;

type Labels<I extends Instrument> = I extends { labels: readonly (infer L extends string)[] } ? L : never;

type InstrumentOf<I extends Instrument> = I['type'] extends 'counter'
  ? Counter<Labels<I>>
  : I['type'] extends 'gauge'
    ? Gauge<Labels<I>>
    : Histogram<Labels<I>>;

/** The instruments of one process, by their names in `METRICS`, and the registry that exposes them. */
export type Metrics = { readonly [K in keyof typeof METRICS]: InstrumentOf<(typeof METRICS)[K]> } & {
  readonly registry: Registry;
};

/** Builds the instruments of one process, with a registry of their own. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const instruments = Object.entries(METRICS).map(([key, instrument]) => [key, build(instrument, registry)]);
  return { ...Object.fromEntries(instruments), registry } as Metrics;
}

/** The figures of a process as Prometheus reads them. */
export async function exposeMetrics({ registry }: Metrics): Promise<AdminAnswer> {
  return { body: await registry.metrics(), contentType: registry.contentType };
}

/** Adds the figures of the process itself: CPU, memory, event-loop lag, garbage collection. */
export function watchProcess({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry });
}

function build(
  { type, name, help, labels, buckets }: Instrument,
  registry: Registry,
): Counter | Gauge | Histogram {
  const options = { name, help, labelNames: labels ?? [], registers: [registry] };
  if (type === 'counter') return new Counter(options);
  if (type === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, ...(buckets && { buckets: [...buckets] }) });
}
