import type { Bucket } from './service-times.ts';
import { ServiceTimes } from './service-times.ts';

const METRIC = 'mcp_tool_execution_duration_seconds';

/** What workers have counted of one tool so far. */
export interface Histogram {
  readonly buckets: readonly Bucket[];
  readonly seconds: number;
  readonly calls: number;
}

/**
 * Reads how long a tool ran from the metrics of running workers, all of them together.
 *
 * @param adminUrls where the workers serve `/metrics`
 * @throws when a worker does not answer
 */
export async function readHistogram(adminUrls: readonly string[], tool: string): Promise<Histogram> {
  const texts = await Promise.all(adminUrls.map(metricsOf));
  return parseHistogram(texts.join('\n'), tool);
}

export function parseHistogram(text: string, tool: string): Histogram {
  const counts = new Map<number, number>();
  const totals = { sum: 0, count: 0 };
  for (const [, part, labels, value] of text.matchAll(
    new RegExp(`^${METRIC}_(\\w+)\\{([^}]*)\\} (\\S+)`, 'gm'),
  )) {
    if (!labels?.includes(`tool="${tool}"`)) continue;
    if (part === 'bucket') {
      const upTo = boundOf(labels);
      counts.set(upTo, (counts.get(upTo) ?? 0) + Number(value));
    } else if (part === 'sum' || part === 'count') totals[part] += Number(value);
  }
  const buckets = [...counts].map(([upTo, calls]) => ({ upTo, calls })).sort((a, b) => a.upTo - b.upTo);
  return { buckets, seconds: totals.sum, calls: totals.count };
}

/** @throws when the tool has not run yet */
export function serviceTimesOf({ buckets, seconds, calls }: Histogram): ServiceTimes {
  if (calls === 0) throw new Error('the tool has not run yet: no service times to read');
  return ServiceTimes.ofBuckets(buckets, (seconds / calls) * 1000);
}

/** What was counted between two readings. */
export function difference(after: Histogram, before: Histogram): Histogram {
  const earlier = new Map(before.buckets.map(({ upTo, calls }) => [upTo, calls]));
  const buckets = after.buckets.map(({ upTo, calls }) => ({ upTo, calls: calls - (earlier.get(upTo) ?? 0) }));
  return { buckets, seconds: after.seconds - before.seconds, calls: after.calls - before.calls };
}

function boundOf(labels: string): number {
  const bound = /le="([^"]+)"/.exec(labels)?.[1];
  return bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
}

async function metricsOf(adminUrl: string): Promise<string> {
  const response = await fetch(new URL('/metrics', adminUrl));
  if (!response.ok) throw new Error(`${adminUrl}/metrics: HTTP ${response.status}`);
  return response.text();
}
