import type { ScalingDemand, WorkerRecord } from '@millrace/broker';
import { quantileOf, type Sample, totalOf } from './exposition.ts';
import { tableText } from './table-text.ts';

/** The cluster at one moment. */
export interface Picture {
  readonly at: number;
  readonly pools: readonly (Pick<ScalingDemand, 'pool' | 'active' | 'waiting' | 'oldestWaitMs' | 'paused'> & {
    readonly workers: number;
    readonly slots: number;
  })[];
  /** Of the front doors that were asked; undefined until they were asked twice, or when none answers. */
  readonly requests?: {
    readonly perSecond: number;
    readonly errorsPerSecond: number;
    /** Milliseconds; absent when there was no request. */
    readonly p50?: number;
    readonly p99?: number;
  };
  /** Breakers that are not closed. */
  readonly breakers: readonly { readonly name: string; readonly state: string }[];
  /** Front doors that did not answer. */
  readonly silent: readonly string[];
}

const DURATION = 'mcp_server_operation_duration_seconds';
const BREAKER = 'millrace_breaker_state';
const STATES = ['closed', 'half-open', 'open'];
const MS = 1_000;

/** What the front doors did between two readings. @param seconds between them */
export function requestsOf(
  before: readonly Sample[],
  now: readonly Sample[],
  seconds: number,
): Picture['requests'] {
  const count = (samples: readonly Sample[], status?: string) =>
    totalOf(
      samples.filter(({ labels }) => status === undefined || labels['status'] === status),
      `${DURATION}_count`,
    );
  const rate = (status?: string) => Math.max(0, (count(now, status) - count(before, status)) / seconds);
  const p50 = quantileOf(before, now, DURATION, 0.5);
  const p99 = quantileOf(before, now, DURATION, 0.99);
  return {
    perSecond: Math.round(rate()),
    errorsPerSecond: Math.round(rate('error')),
    ...(p50 !== undefined && { p50: p50 * MS }),
    ...(p99 !== undefined && { p99: p99 * MS }),
  };
}

/** Breakers that are not closed; several front doors tell of the same. */
export function breakersOf(samples: readonly Sample[]): Picture['breakers'] {
  const states = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const breaker = labels['breaker'];
    if (name !== BREAKER || breaker === undefined || value === 0) continue;
    states.set(breaker, Math.max(value, states.get(breaker) ?? 0));
  }
  return [...states].map(([name, value]) => ({ name, state: STATES[value] ?? String(value) }));
}

export function poolsOf(
  demands: readonly ScalingDemand[],
  workers: readonly WorkerRecord[],
  slots: ReadonlyMap<string, number>,
): Picture['pools'] {
  return demands.map(({ pool, active, waiting, oldestWaitMs, paused }) => ({
    pool,
    workers: workers.filter(({ pools }) => pools.includes(pool)).length,
    slots: slots.get(pool) ?? 0,
    active,
    waiting,
    oldestWaitMs,
    paused,
  }));
}

export function pictureText({ at, pools, requests, breakers, silent }: Picture): string {
  const rows = pools.map(({ pool, workers, slots, active, waiting, oldestWaitMs, paused }) =>
    [
      `${pool}${paused ? ' (paused)' : ''}`,
      workers,
      slots,
      active,
      waiting,
      `${Math.round(oldestWaitMs)} ms`,
    ].map(String),
  );
  const lines = [
    `millrace  ${new Date(at).toISOString()}`,
    '',
    tableText(['POOL', 'WORKERS', 'SLOTS', 'ACTIVE', 'WAITING', 'OLDEST'], rows),
    '',
    requestText(requests),
    breakers.length === 0
      ? 'breakers  all closed'
      : `breakers  ${breakers.map(({ name, state }) => `${name} ${state}`).join(', ')}`,
    ...silent.map((url) => `no answer from ${url}`),
  ];
  return lines.join('\n');
}

function requestText(requests: Picture['requests']): string {
  if (!requests) return 'requests  not known yet';
  const time = (ms: number | undefined) => (ms === undefined ? '-' : `≤ ${ms} ms`);
  const { perSecond, errorsPerSecond, p50, p99 } = requests;
  return `requests  ${perSecond}/s, ${errorsPerSecond}/s errors, p50 ${time(p50)}, p99 ${time(p99)}`;
}
