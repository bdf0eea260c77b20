import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from './recorder.ts';

export interface OpenLoopTiming {
  /** Requests for each second, whatever becomes of them. */
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
}

/** What became of the requests of one kind of answer. */
export interface Seen {
  readonly count: number;
  /** Milliseconds from the time when they were due. */
  readonly p50: number;
  readonly p99: number;
}

/** Answers to the requests that were due in the window, by their labels. */
export type SeenByLabel = Readonly<Record<string, Seen>>;

/** How long the last answers may take, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Makes requests at a steady rate, as clients do who know nothing of each other. What is answered late counts from the
 * time when it was due, so that a generator that falls behind hides nothing.
 *
 * @param request makes one and gives the label of its answer
 */
export async function openLoop(
  request: () => Promise<string>,
  { perSecond, warmUpMs, windowMs }: OpenLoopTiming,
): Promise<SeenByLabel> {
  const latencies = new Map<string, number[]>();
  const open = new Set<Promise<void>>();
  const begun = performance.now();
  const total = Math.floor(((warmUpMs + windowMs) * perSecond) / 1000);
  for (let sent = 0; sent < total; ) {
    // The first one is due at once.
    const due = Math.min(total, Math.floor(((performance.now() - begun) * perSecond) / 1000) + 1);
    for (; sent < due; sent += 1) {
      const dueAt = (sent * 1000) / perSecond;
      const made = make(request, begun + dueAt, dueAt < warmUpMs ? undefined : latencies);
      open.add(made);
      void made.then(() => open.delete(made));
    }
    await delay(1);
  }
  await Promise.race([Promise.all(open), delay(PATIENCE_MS, undefined, { ref: false })]);
  const unanswered = open.size;
  const seen = [...latencies].map(([label, times]) => [label, summary(times)] as const);
  return {
    ...Object.fromEntries(seen),
    ...(unanswered > 0 && { unanswered: { count: unanswered, p50: PATIENCE_MS, p99: PATIENCE_MS } }),
  };
}

async function make(
  request: () => Promise<string>,
  dueAt: number,
  latencies: Map<string, number[]> | undefined,
): Promise<void> {
  let label: string;
  try {
    label = await request();
  } catch (error) {
    label = `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!latencies) return;
  const times = latencies.get(label) ?? [];
  times.push(performance.now() - dueAt);
  latencies.set(label, times);
}

function summary(times: readonly number[]): Seen {
  const sorted = times.toSorted((a, b) => a - b);
  return { count: sorted.length, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) };
}
